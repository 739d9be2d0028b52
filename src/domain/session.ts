import { OrderedMap } from 'immutable';
import { withFields } from '../fields.js';
import { type Decider, type Decision, evolveWith, type Fact, reject } from './decider.js';
import { fingerprint } from './fingerprint.js';
import {
  detached,
  type ForkOrigin,
  originOf,
  type StreamDetached,
  type StreamForked,
} from './fork.js';
import type { JsonObject } from './json.js';
import { changeSession, createSession, moveSession, transition } from './session-life.js';
import { deleteMessage, editMessage, postMessage } from './session-messages.js';

// Events. Names and fields are the storage format.

export type MessageRole = 'user' | 'assistant' | 'system' | 'tool';
export type MessageContent = string | readonly JsonObject[];

export type Message = Readonly<{
  messageId: string;
  role: MessageRole;
  content: MessageContent;
  name?: string;
  toolCalls?: readonly JsonObject[];
  toolCallId?: string;
  metadata: JsonObject;
}>;

export type SessionMode = 'interactive' | 'background';

type Created = {
  userId: string;
  title: string;
  mode: SessionMode;
  metadata: JsonObject;
  parentSessionId?: string;
};

export type SessionEvent =
  | Fact<'SessionCreated', Created>
  | Fact<'SessionRenamed', { title: string }>
  | Fact<'SessionMetadataChanged', { metadata: JsonObject }>
  | Fact<'SessionArchived', Record<never, never>>
  | Fact<'SessionUnarchived', Record<never, never>>
  | Fact<'SessionActivated', Record<never, never>>
  | Fact<'SessionProcessingStarted', Record<never, never>>
  | Fact<'SessionPaused', { reason?: string }>
  | Fact<'SessionResumed', Record<never, never>>
  | Fact<'SessionCompleted', Record<never, never>>
  | Fact<'SessionFailed', { error: string }>
  | Fact<'SessionTerminated', { reason?: string }>
  | Fact<'SessionDeleted', Record<never, never>>
  | Fact<'SessionRestored', Record<never, never>>
  | Fact<'MessagePosted', Message>
  | Fact<'MessageEdited', { messageId: string; content: MessageContent }>
  | Fact<'MessageDeleted', { messageId: string }>
  | StreamForked
  | StreamDetached;

// State.

export type SessionStatus =
  | 'created'
  | 'active'
  | 'processing'
  | 'paused'
  | 'completed'
  | 'failed'
  | 'terminated';

/** A message as it stands. `postedAs` is the fingerprint of what was posted, to recognise its being posted again. */
type MessageState = Readonly<{
  role: MessageRole;
  content: MessageContent;
  deleted: boolean;
  postedAs: string;
}>;

export type LiveSession = Readonly<{
  status: SessionStatus;
  userId: string;
  title: string;
  mode: SessionMode;
  metadata: JsonObject;
  parentSessionId?: string;
  archived: boolean;
  deleted: boolean;
  forkedFrom?: ForkOrigin;
  messages: OrderedMap<string, MessageState>;
}>;

export type Session = Readonly<{ status: 'absent' }> | LiveSession;

// Commands.

export type SessionCommand =
  | Readonly<{ type: 'CreateSession' } & Created>
  | Readonly<{ type: 'ChangeSession'; title?: string; archived?: boolean; metadata?: JsonObject }>
  | Readonly<{ type: 'PauseSession' | 'TerminateSession'; reason?: string }>
  | Readonly<{ type: 'ResumeSession' | 'DeleteSession' | 'RestoreSession' }>
  /** Asks whether something may begin in the session; adds nothing. */
  | Readonly<{ type: 'EnterSession' }>
  | Readonly<{
      type: 'MoveSession';
      status: 'active' | 'processing' | 'completed' | 'failed';
      reason?: string;
    }>
  /** `isNew`: the id was made for this message, so that none can have it, and none is looked for. */
  | Readonly<{ type: 'PostMessage'; isNew?: true } & Message>
  | Readonly<{ type: 'EditMessage'; messageId: string; content: MessageContent }>
  | Readonly<{ type: 'DeleteMessage'; messageId: string }>;

export type SessionRejection =
  | 'session-not-found'
  | 'session-already-exists'
  | 'session-deleted'
  | 'session-not-active'
  | 'session-transition-not-allowed'
  | 'message-already-exists'
  | 'message-not-found'
  | 'message-not-editable';

export type SessionDecision = Decision<SessionEvent, SessionRejection>;

// Rules.

const reasonOf = ({ reason }: Readonly<{ reason?: string }>) =>
  reason === undefined ? {} : { reason };

const decide = (command: SessionCommand, session: Session): SessionDecision => {
  if (command.type === 'CreateSession') return createSession(command, session);
  if (session.status === 'absent') return reject('session-not-found');
  if (command.type === 'DeleteSession')
    return session.deleted ? [] : [{ type: 'SessionDeleted', data: {} }];
  if (command.type === 'RestoreSession')
    return session.deleted ? [{ type: 'SessionRestored', data: {} }] : [];
  if (command.type === 'EnterSession')
    return session.deleted || session.status === 'terminated' ? reject('session-not-active') : [];
  if (session.deleted) return reject('session-deleted');

  switch (command.type) {
    case 'ChangeSession':
      return changeSession(command, session);
    case 'PauseSession':
      return moveSession(session, 'paused', { type: 'SessionPaused', data: reasonOf(command) });
    case 'ResumeSession':
      if (session.status === 'active') return [];
      if (session.status !== 'paused') return reject('session-transition-not-allowed');
      return [{ type: 'SessionResumed', data: {} }];
    case 'TerminateSession':
      if (session.status === 'terminated') return [];
      return [{ type: 'SessionTerminated', data: reasonOf(command) }];
    case 'MoveSession':
      return transition(command, session);
    case 'PostMessage':
      return postMessage(command, session);
    case 'EditMessage':
      return editMessage(command, session);
    case 'DeleteMessage':
      return deleteMessage(command, session);
  }
};

// Evolution. Events other than the first mean nothing to a session that is not there.

const onLive =
  <Data>(change: (session: LiveSession, data: Data) => Partial<LiveSession>) =>
  (session: Session, data: Data): Session =>
    session.status === 'absent' ? session : withFields(session, change(session, data));

const to = (status: SessionStatus) => onLive(() => ({ status }));

const onMessage = (
  session: LiveSession,
  messageId: string,
  change: Partial<MessageState>,
): Partial<LiveSession> => {
  const message = session.messages.get(messageId);
  return message ? { messages: session.messages.set(messageId, withFields(message, change)) } : {};
};

/** Where a message has what was posted, or the fingerprint once that is made; a field that nobody sees, nor copies. */
const source = Symbol('what was posted');

/** One for all messages: with a function of its own each would have a shape of its own too, and take several times the room. */
const lazyFingerprint = {
  enumerable: true,
  get(this: { [source]: Message | string }): string {
    const known = this[source];
    if (typeof known === 'string') return known;
    this[source] = fingerprint(known);
    return this[source];
  },
};

/** A message as it was posted. Its fingerprint is made when somebody looks at it, as most are never asked for theirs. */
const asPosted = (posted: Message): MessageState => {
  const { role, content } = posted;
  const message = { role, content, deleted: false };
  Object.defineProperty(message, source, { value: posted, writable: true });
  return Object.defineProperty(message, 'postedAs', lazyFingerprint) as typeof message & {
    postedAs: string;
  };
};

/** A conversation with an agent: its life, and its messages. */
export const session: Decider<SessionCommand, Session, SessionEvent, SessionRejection> = {
  category: 'session',
  initial: { status: 'absent' },
  decide,
  ownerOf: (state) => (state.status === 'absent' ? undefined : state.userId),
  correlationOf: () => undefined,
  notFound: 'session-not-found',
  snapshots: {
    version: 2,
    entries: {
      field: 'messages',
      namedBy: (command) =>
        'messageId' in command && !('isNew' in command) ? command.messageId : undefined,
      changedBy: ({ data }) => ('messageId' in data ? data.messageId : undefined),
      begins: ({ type }) => type === 'MessagePosted',
    },
  },

  evolve: evolveWith<Session, SessionEvent>({
    SessionCreated: (_, data) =>
      withFields(data, {
        status: 'created',
        archived: false,
        deleted: false,
        messages: OrderedMap<string, MessageState>(),
      }),
    SessionRenamed: onLive((_, { title }) => ({ title })),
    SessionMetadataChanged: onLive((_, { metadata }) => ({ metadata })),
    SessionArchived: onLive(() => ({ archived: true })),
    SessionUnarchived: onLive(() => ({ archived: false })),
    SessionActivated: to('active'),
    SessionProcessingStarted: to('processing'),
    SessionPaused: to('paused'),
    SessionResumed: to('active'),
    SessionCompleted: to('completed'),
    SessionFailed: to('failed'),
    SessionTerminated: to('terminated'),
    SessionDeleted: onLive(() => ({ deleted: true })),
    SessionRestored: onLive(() => ({ deleted: false })),
    MessagePosted: onLive(({ messages }, posted: Message) => ({
      messages: messages.set(posted.messageId, asPosted(posted)),
    })),
    MessageEdited: onLive((state, { messageId, content }) =>
      onMessage(state, messageId, { content }),
    ),
    MessageDeleted: onLive((state, { messageId }) =>
      onMessage(state, messageId, { deleted: true }),
    ),
    StreamForked: onLive((_, { ancestry }) => {
      const forkedFrom = originOf(ancestry);
      return forkedFrom ? { forkedFrom } : {};
    }),
    StreamDetached: onLive(detached),
  }),
};

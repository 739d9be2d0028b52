import type { Fact } from '../src/domain/decider.js';
import { detached } from '../src/domain/fork.js';
import type { JsonObject } from '../src/domain/json.js';
import type { SessionEvent, SessionMode, SessionStatus } from '../src/domain/session.js';
import { withFields } from '../src/fields.js';
import type { Projected, Projection } from '../src/projecting/projection.js';
import { type Descent, descentOf } from './descent.js';

export type SessionDocument = Readonly<{
  stream: string;
  id: string;
  userId: string;
  title: string;
  status: SessionStatus;
  mode: SessionMode;
  metadata: JsonObject;
  parentSessionId?: string;
  archived: boolean;
  deleted: boolean;
  /** Messages that are not deleted. */
  messageCount: number;
  createdAt: string;
  updatedAt: string;
  revision: number;
}> &
  Partial<Descent>;

type Change = Partial<SessionDocument>;

/** Applies a change, and what every event changes: when and where the session last moved. */
const changed =
  <Event extends Fact>(change: (document: SessionDocument, event: Projected<Event>) => Change) =>
  (document: SessionDocument | undefined, event: Projected<Event>) =>
    document &&
    withFields(document, change(document, event), {
      updatedAt: event.created,
      revision: event.revision,
    });

const to = (status: SessionStatus) => changed(() => ({ status }));

/** One document a session: what lists of sessions show. */
export const sessions: Projection<SessionDocument, SessionEvent> = {
  name: 'sessions',
  version: 2,
  category: 'session',
  inherits: true,
  indexes: [
    { key: { userId: 1, updatedAt: -1, _id: -1 } },
    { key: { updatedAt: -1, _id: -1 } },
    { key: { stream: 1 } },
  ],
  key: (event) => event.stream,
  begins: ({ type }) => type === 'StreamForked' || type === 'SessionCreated',
  on: {
    SessionCreated: (_, { data, stream, created, revision }) => ({
      stream,
      id: idOf(stream),
      ...data,
      status: 'created',
      archived: false,
      deleted: false,
      messageCount: 0,
      createdAt: created,
      updatedAt: created,
      revision,
    }),
    SessionRenamed: changed((_, { data }) => ({ title: data.title })),
    SessionMetadataChanged: changed((_, { data }) => ({ metadata: data.metadata })),
    SessionArchived: changed(() => ({ archived: true })),
    SessionUnarchived: changed(() => ({ archived: false })),
    SessionActivated: to('active'),
    SessionProcessingStarted: to('processing'),
    SessionPaused: to('paused'),
    SessionResumed: to('active'),
    SessionCompleted: to('completed'),
    SessionFailed: to('failed'),
    SessionTerminated: to('terminated'),
    SessionDeleted: changed(() => ({ deleted: true })),
    SessionRestored: changed(() => ({ deleted: false })),
    MessagePosted: changed(({ messageCount }) => ({ messageCount: messageCount + 1 })),
    MessageEdited: changed(() => ({})),
    MessageDeleted: changed(({ messageCount }) => ({ messageCount: messageCount - 1 })),
    StreamDetached: changed(detached),
    StreamForked: (_, { data, inherited, stream, created, revision }) =>
      inherited && {
        // What an ancestor of a session was is a session's document.
        ...(inherited as SessionDocument),
        stream,
        id: idOf(stream),
        createdAt: created,
        updatedAt: created,
        ...descentOf(data.ancestry),
        revision,
      },
  },
};

const idOf = (stream: string): string => stream.slice('session-'.length);

import { reject } from './decider.js';
import { fingerprint } from './fingerprint.js';
import { isSameJson } from './json.js';
import type { LiveSession, SessionCommand, SessionDecision } from './session.js';

type CommandOf<Type extends SessionCommand['type']> = Extract<SessionCommand, { type: Type }>;

const acceptsMessages = (session: LiveSession): boolean =>
  session.status !== 'terminated' && session.status !== 'paused';

/** The same message posted again changes nothing; another under its id is refused. */
export const postMessage = (
  { type: _, ...message }: CommandOf<'PostMessage'>,
  session: LiveSession,
): SessionDecision => {
  const known = session.messages.get(message.messageId);
  if (known) return known.postedAs === fingerprint(message) ? [] : reject('message-already-exists');
  if (!acceptsMessages(session)) return reject('session-not-active');
  return [{ type: 'MessagePosted', data: message }];
};

/** Only messages of users can be edited; the same content again changes nothing. */
export const editMessage = (
  { messageId, content }: CommandOf<'EditMessage'>,
  session: LiveSession,
): SessionDecision => {
  const message = session.messages.get(messageId);
  if (!message || message.deleted) return reject('message-not-found');
  if (message.role !== 'user') return reject('message-not-editable');
  if (isSameJson(message.content, content)) return [];
  if (!acceptsMessages(session)) return reject('session-not-active');
  return [{ type: 'MessageEdited', data: { messageId, content } }];
};

/** A message deleted again changes nothing. It stays in the history, and can still be listed. */
export const deleteMessage = (
  { messageId }: CommandOf<'DeleteMessage'>,
  session: LiveSession,
): SessionDecision => {
  const message = session.messages.get(messageId);
  if (!message) return reject('message-not-found');
  if (message.deleted) return [];
  if (!acceptsMessages(session)) return reject('session-not-active');
  return [{ type: 'MessageDeleted', data: { messageId } }];
};

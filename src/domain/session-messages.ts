import { reject } from './decider.js';
import { fingerprint } from './fingerprint.js';
import { isSameJson } from './json.js';
import type { LiveSession, SessionCommand, SessionDecision } from './session.js';

type CommandOf<Type extends SessionCommand['type']> = Extract<SessionCommand, { type: Type }>;

const acceptsMessages = (session: LiveSession): boolean =>
  session.status !== 'terminated' && session.status !== 'paused';

/**
 * Decides that a message is posted, in a session that takes messages. The same message again adds no
 * event; another message under the same id is refused.
 */
export const postMessage = (
  { type: _, isNew, ...message }: CommandOf<'PostMessage'>,
  session: LiveSession,
): SessionDecision => {
  const known = isNew ? undefined : session.messages.get(message.messageId);
  if (known) return known.postedAs === fingerprint(message) ? [] : reject('message-already-exists');
  if (!acceptsMessages(session)) return reject('session-not-active');
  return [{ type: 'MessagePosted', data: message }];
};

/**
 * Decides that a message of a user is edited; those of others are refused. The content that it has
 * already adds no event.
 */
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

/**
 * Decides that a message is deleted. It stays in the history, and can still be listed. Deleted again,
 * it adds no event.
 */
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

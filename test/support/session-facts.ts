import type { Message, SessionCommand, SessionEvent } from '../../src/domain/session.js';

// Literal facts and commands of sessions, for tests of every tier.

export const created: Extract<SessionEvent, { type: 'SessionCreated' }> = {
  type: 'SessionCreated',
  data: { userId: 'ann', title: 'Trip to Oslo', mode: 'interactive', metadata: { team: 'travel' } },
};
export const activated: SessionEvent = { type: 'SessionActivated', data: {} };
export const processing: SessionEvent = { type: 'SessionProcessingStarted', data: {} };
export const paused: SessionEvent = { type: 'SessionPaused', data: {} };
export const resumed: SessionEvent = { type: 'SessionResumed', data: {} };
export const completed: SessionEvent = { type: 'SessionCompleted', data: {} };
export const failed: SessionEvent = { type: 'SessionFailed', data: { error: 'out of tokens' } };
export const terminated: SessionEvent = { type: 'SessionTerminated', data: {} };
export const deleted: SessionEvent = { type: 'SessionDeleted', data: {} };
export const restored: SessionEvent = { type: 'SessionRestored', data: {} };

export const question: Message = {
  messageId: 'm-1',
  role: 'user',
  content: 'Which flights are there on Monday?',
  metadata: { source: 'web', tags: ['first', 'urgent'] },
};
export const answer: Message = {
  messageId: 'm-2',
  role: 'assistant',
  content: [{ type: 'text', text: 'Two: 07:10 and 16:45.' }],
  toolCalls: [{ id: 'call-1', name: 'flights' }],
  metadata: {},
};

export const posted = (message: Message): SessionEvent => ({
  type: 'MessagePosted',
  data: message,
});
export const edited = (messageId: string, content: Message['content']): SessionEvent => ({
  type: 'MessageEdited',
  data: { messageId, content },
});
export const removed = (messageId: string): SessionEvent => ({
  type: 'MessageDeleted',
  data: { messageId },
});

export const create: Extract<SessionCommand, { type: 'CreateSession' }> = {
  type: 'CreateSession',
  userId: 'ann',
  title: 'Trip to Oslo',
  mode: 'interactive',
  metadata: { team: 'travel' },
};
export const post = (message: Message): SessionCommand => ({ type: 'PostMessage', ...message });
export const edit = (messageId: string, content: Message['content']): SessionCommand => ({
  type: 'EditMessage',
  messageId,
  content,
});
export const remove = (messageId: string): SessionCommand => ({ type: 'DeleteMessage', messageId });
export const move = (status: 'active' | 'processing' | 'completed' | 'failed'): SessionCommand => ({
  type: 'MoveSession',
  status,
});

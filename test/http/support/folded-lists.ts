import type { CheckpointView } from '../../../src/queries/checkpoints.js';
import type { MessageView } from '../../../src/queries/messages.js';
import type { EventItem } from './api.js';

const originOf = ({ origin }: EventItem) => (origin ? { origin } : {});

/** What the list of messages is after some of a stream's events, deleted ones included. */
export const foldedMessages = (events: readonly EventItem[]): readonly MessageView[] => {
  const messages = new Map<unknown, MessageView>();
  for (const event of events) {
    const { type, data, revision, created } = event;
    const { messageId: id, ...posted } = data as Pick<
      MessageView,
      'role' | 'content' | 'metadata'
    > & {
      messageId: string;
    };
    const before = messages.get(id);
    if (type === 'MessagePosted')
      messages.set(id, { id, ...posted, createdAt: created, revision, ...originOf(event) });
    if (type === 'MessageEdited' && before)
      messages.set(id, { ...before, content: posted.content, editedAt: created });
    if (type === 'MessageDeleted' && before) messages.set(id, { ...before, deleted: true });
  }
  return [...messages.values()];
};

/** What the list of checkpoints is after some of a stream's events. */
export const foldedCheckpoints = (
  executionId: string,
  events: readonly EventItem[],
): readonly CheckpointView[] => {
  let checkpoints: CheckpointView[] = [];
  for (const event of events) {
    const { type, data, revision, created } = event;
    if (type === 'CheckpointSaved') {
      const { checkpointId: id, state: _, stateDelta: __, ...head } = data;
      const saved = { id, executionId, ...head, createdAt: created, revision, ...originOf(event) };
      checkpoints.push(saved as CheckpointView);
    }
    if (type === 'CheckpointsPruned')
      checkpoints = checkpoints.filter(({ revision }) => revision > Number(data.through));
  }
  return checkpoints;
};

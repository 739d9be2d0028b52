import { v4 as newId } from 'uuid';
import { commandHandler } from '../../../src/commands/handle.js';
import { isRejection } from '../../../src/domain/decider.js';
import { task } from '../../../src/domain/task.js';
import type { EventStore } from '../../../src/eventstore/event-store.js';
import { withLineage } from '../../../src/eventstore/lineage.js';
import { admin, request } from '../../support/requests.js';

/** Has the deadline of a task pass as if it were a certain time. @throws when there is none to pass */
export const passDeadlineOn = (store: EventStore) => {
  const tasks = commandHandler(withLineage(store), task);
  return async (id: string, at: string): Promise<void> => {
    const command = { type: 'PassDeadline' as const, at, jitter: 0 };
    const outcome = await tasks(id, [command], request({ caller: admin, commandId: newId() }));
    if (isRejection(outcome) || outcome.added === 0) throw new Error('no deadline was to pass');
  };
};

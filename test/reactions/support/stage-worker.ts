import { v4 as newId } from 'uuid';
import { commandHandler } from '../../../src/commands/handle.js';
import type { JsonValue } from '../../../src/domain/json.js';
import { type Submitted, type TaskCommand, task } from '../../../src/domain/task.js';
import type { EventStore, StoredEvent } from '../../../src/eventstore/event-store.js';
import { withLineage } from '../../../src/eventstore/lineage.js';
import { admin } from '../../support/requests.js';

/** What a worker makes of a task: a result, or an error that is not tried again. Undefined leaves it where it is. */
export type Work = (task: Submitted, id: string) => JsonValue | Error | undefined;

export type StageWorker = Readonly<{
  /** The ids of the tasks carried out, in their order. */
  done: readonly string[];
  stop(): Promise<void>;
}>;

/** Carries out every task there is, and each that comes, beside the program: on its event store. */
export const startStageWorker = (store: EventStore, work: Work): StageWorker => {
  const tasks = commandHandler(withLineage(store), task);
  const subscription = store.subscribe('start');
  const done: string[] = [];

  const send = (id: string, command: TaskCommand) =>
    tasks(id, [command], { commandId: newId(), requestId: 'worker', caller: admin });
  const carryOut = async ({ stream, data }: StoredEvent): Promise<void> => {
    const id = stream.slice('task-'.length);
    const leaseToken = newId();
    const at = new Date().toISOString();
    const claim = {
      type: 'ClaimTask',
      workerId: 'w-1',
      leaseToken,
      leaseSeconds: 600,
      at,
    } as const;
    const result = work(data as Submitted, id);
    if (result === undefined) return;
    const claimed = await send(id, claim);
    if ('rejected' in claimed || claimed.added === 0) return;
    done.push(id);
    await send(
      id,
      result instanceof Error
        ? {
            ...{ type: 'FailTask', leaseToken, error: result.message, retryable: false },
            ...{ at, jitter: 0 },
          }
        : { type: 'CompleteTask', leaseToken, result },
    );
  };

  const working = (async () => {
    for await (const item of subscription)
      if (item.type === 'TaskSubmitted') await carryOut(item as StoredEvent);
  })();
  return {
    done,
    stop: async () => {
      subscription.close();
      await working;
    },
  };
};

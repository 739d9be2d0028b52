import { pino } from 'pino';
import { v4 as newId } from 'uuid';
import type { ClaimedTask } from '../../../src/claiming/claim-task.js';
import { type ClaimRequest, startClaims } from '../../../src/claiming/claims.js';
import { noticing, type TaskHandler } from '../../../src/claiming/noticing.js';
import { commandHandler } from '../../../src/commands/handle.js';
import type { Outcome } from '../../../src/commands/request.js';
import { isRejection } from '../../../src/domain/decider.js';
import { type Submitted, task } from '../../../src/domain/task.js';
import type { EventStore } from '../../../src/eventstore/event-store.js';
import { withLineage } from '../../../src/eventstore/lineage.js';
import { startFeed } from '../../../src/feed/feed.js';
import { collectionsOf } from '../../../src/queries/collections.js';
import { startTestRunner } from '../../projecting/support/runners.js';
import type { TestStores } from '../../projecting/support/stores.js';
import { ann, request } from '../../support/requests.js';

/** A node that hands out tasks, in this process. */
export type Node = Readonly<{
  tasks: TaskHandler;
  /** @param named what the task and the command are to be called; by default they are new */
  submit(
    queue: string,
    fields?: Partial<Submitted>,
    named?: Readonly<{ id?: string; commandId?: string }>,
  ): Promise<Outcome>;
  claim(queue: string, fields?: Partial<ClaimRequest>): Promise<readonly ClaimedTask[]>;
  stop(): Promise<void>;
}>;

const start = Date.parse('2026-01-01T00:00:00Z');

/** @param store what commands of the node go to; its feed and read models are those of the stores */
export const startNode = async (
  stores: TestStores,
  store: EventStore = stores.store,
): Promise<Node> => {
  const log = pino({ level: 'silent' });
  const clock = { now: () => start };
  const streams = withLineage(store);
  const runner = await startTestRunner(stores);
  const feed = startFeed(stores.store, log);
  const handler = commandHandler(streams, task);
  const claims = startClaims({
    ...{ tasks: handler, streams, clock, log, told: feed.told },
    collections: collectionsOf(stores.db),
    progress: { tasks: runner.progress('tasks'), queues: runner.progress('queues') },
  });
  const tasks = noticing(handler, claims);
  return {
    tasks,
    submit: async (queue, fields = {}, { id = newId(), commandId = newId() } = {}) => {
      const submitted = {
        ...{ userId: 'ann', type: 'send', queue, priority: 5, payload: null },
        ...{ maxAttempts: 3, timeoutSeconds: 300, ...fields },
      };
      const at = new Date(start).toISOString();
      const command = { type: 'SubmitTask' as const, submitted, at };
      const outcome = await tasks(id, [command], request({ commandId, isNew: true }));
      if (isRejection(outcome)) throw new Error(outcome.rejected);
      return outcome;
    },
    claim: (queue, fields = {}) =>
      claims.claim(
        { queue, workerId: 'w-1', max: 1, leaseSeconds: 30, waitSeconds: 0, ...fields },
        request({ caller: ann }),
      ),
    stop: async () => {
      claims.stop();
      await feed.stop();
      await runner.stop();
    },
  };
};

import fc from 'fast-check';
import type { WorkerCommand } from '../../src/domain/worker.js';

const register: fc.Arbitrary<WorkerCommand> = fc.record({
  type: fc.constant('RegisterWorker'),
  userId: fc.constantFrom('ann', 'ann', 'ann', 'bob'),
  queues: fc.constantFrom(['a'], ['a', 'b.*']),
  maxConcurrentTasks: fc.constantFrom(1, 2),
  heartbeatSeconds: fc.constant(10),
});

/** What may happen to a worker. */
export const workerLives: fc.Arbitrary<readonly WorkerCommand[]> = fc.array(
  fc.oneof(
    register,
    fc.record({ type: fc.constantFrom('KeepWorker', 'RequestWorkerStop', 'StopWorker') }),
    fc.record({ type: fc.constant('LoseWorker' as const) }),
  ) as fc.Arbitrary<WorkerCommand>,
  { maxLength: 30, size: 'max' },
);

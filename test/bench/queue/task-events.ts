import { schemaVersion } from '../../../src/eventstore/codec.js';

/** The events of a task that is submitted, claimed and completed, with the data and metadata that Forkline gives them. */
export const taskEvents = (id: string, queue: string, payload: object, priority = 0) => {
  const at = new Date(Date.now() + 30_000).toISOString();
  const metadata = {
    ...{ $correlationId: id, $causationId: id, commandId: id, requestId: 'bench' },
    ...{ userId: 'local', ownerId: 'local', schemaVersion },
  };
  const submitted = {
    ...{ userId: 'local', type: 'send', queue, priority, payload },
    ...{ maxAttempts: 3, timeoutSeconds: 300 },
  };
  const claimed = {
    ...{ queue, workerId: 'bench', attempt: 1, leaseToken: id },
    ...{ leaseSeconds: 30, leaseExpiresAt: at, timesOutAt: at },
  };
  return {
    submitted: { type: 'TaskSubmitted', data: submitted, metadata },
    claimed: { type: 'TaskClaimed', data: claimed, metadata },
    completed: { type: 'TaskCompleted', data: { queue, workerId: 'bench' }, metadata },
  };
};

import { familyGate } from './family-gate.js';
import type { Route } from './route.js';
import { auditRoutes } from './routes/audit.js';
import { checkpointRoutes } from './routes/checkpoints.js';
import { claimRoutes } from './routes/claim.js';
import { executionCheckpointRoutes } from './routes/execution-checkpoints.js';
import { executionRoutes } from './routes/executions.js';
import { exportRoutes } from './routes/export.js';
import { feedRoutes } from './routes/feed.js';
import { importRoutes } from './routes/import.js';
import { interruptRoutes } from './routes/interrupts.js';
import { messageRoutes } from './routes/messages.js';
import { metricsRoutes } from './routes/metrics.js';
import { operationRoutes } from './routes/operations.js';
import { queueRoutes } from './routes/queues.js';
import { rebuildRoutes } from './routes/rebuilds.js';
import { sessionRoutes } from './routes/sessions.js';
import { steppingRoutes } from './routes/stepping.js';
import { streamRoutes } from './routes/streams.js';
import { taskLeaseRoutes } from './routes/task-leases.js';
import { taskRoutes } from './routes/tasks.js';
import { webhookDeliveryRoutes } from './routes/webhook-deliveries.js';
import { webhookRoutes } from './routes/webhooks.js';
import { workerRoutes } from './routes/workers.js';
import type { Services } from './services.js';

/** Every endpoint under /v1. */
export const routesOf = (services: Services): readonly Route[] => {
  const gate = familyGate();
  return [
    ...importRoutes(services),
    ...exportRoutes(services),
    ...sessionRoutes(services, gate),
    ...messageRoutes(services),
    ...executionRoutes(services, gate),
    ...executionCheckpointRoutes(services, gate),
    ...interruptRoutes(services, gate),
    ...claimRoutes(services),
    ...taskLeaseRoutes(services),
    ...taskRoutes(services, gate),
    ...queueRoutes(services),
    ...checkpointRoutes(services, gate),
    ...streamRoutes(services, gate),
    ...steppingRoutes(services),
    ...workerRoutes(services),
    ...feedRoutes(services),
    ...operationRoutes(services),
    ...rebuildRoutes(services),
    ...auditRoutes(services),
    ...metricsRoutes(services),
    ...webhookRoutes(services),
    ...webhookDeliveryRoutes(services),
  ];
};

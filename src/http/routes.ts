import { familyGate } from './family-gate.js';
import type { Route } from './route.js';
import { checkpointRoutes } from './routes/checkpoints.js';
import { executionRoutes } from './routes/executions.js';
import { exportRoutes } from './routes/export.js';
import { feedRoutes } from './routes/feed.js';
import { importRoutes } from './routes/import.js';
import { messageRoutes } from './routes/messages.js';
import { operationRoutes } from './routes/operations.js';
import { sessionRoutes } from './routes/sessions.js';
import { streamRoutes } from './routes/streams.js';
import { webhookDeliveryRoutes } from './routes/webhook-deliveries.js';
import { webhookRoutes } from './routes/webhooks.js';
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
    ...checkpointRoutes(services),
    ...streamRoutes(services, gate),
    ...feedRoutes(services),
    ...operationRoutes(services),
    ...webhookRoutes(services),
    ...webhookDeliveryRoutes(services),
  ];
};

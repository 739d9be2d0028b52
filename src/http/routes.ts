import type { Route } from './route.js';
import { checkpointRoutes } from './routes/checkpoints.js';
import { executionRoutes } from './routes/executions.js';
import { messageRoutes } from './routes/messages.js';
import { operationRoutes } from './routes/operations.js';
import { sessionRoutes } from './routes/sessions.js';
import { streamRoutes } from './routes/streams.js';
import type { Services } from './services.js';

/** Every endpoint under /v1. */
export const routesOf = (services: Services): readonly Route[] => [
  ...sessionRoutes(services),
  ...messageRoutes(services),
  ...executionRoutes(services),
  ...checkpointRoutes(services),
  ...streamRoutes(services),
  ...operationRoutes(services),
];

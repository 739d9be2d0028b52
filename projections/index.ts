import type { AnyProjection } from '../src/projecting/projection.js';
import { checkpoints } from './checkpoints.js';
import { executions } from './executions.js';
import { messages } from './messages.js';
import { prunes } from './prunes.js';
import { sessions } from './sessions.js';
import { streams } from './streams.js';
import { tasks } from './tasks.js';
import { webhooks } from './webhooks.js';

/** Every read model that Forkline keeps. */
export const projections = [
  sessions,
  messages,
  executions,
  checkpoints,
  prunes,
  streams,
  tasks,
  webhooks,
  // The runner gives each handler the events and documents of its own projection only.
] as unknown as readonly AnyProjection[];

import type { AnyProjection } from '../src/projecting/projection.js';
import { audit } from './audit.js';
import { checkpoints } from './checkpoints.js';
import { deadlines } from './deadlines.js';
import { executions } from './executions.js';
import { interrupts } from './interrupts.js';
import { messages } from './messages.js';
import { prunes } from './prunes.js';
import { queues } from './queues.js';
import { sessions } from './sessions.js';
import { streams } from './streams.js';
import { tasks } from './tasks.js';
import { webhooks } from './webhooks.js';
import { workers } from './workers.js';

/** Every read model that Forkline keeps. */
export const projections = [
  sessions,
  messages,
  executions,
  checkpoints,
  prunes,
  streams,
  workers,
  deadlines,
  interrupts,
  tasks,
  queues,
  webhooks,
  audit,
  // The runner gives each handler the events and documents of its own projection only.
] as unknown as readonly AnyProjection[];

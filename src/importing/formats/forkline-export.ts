import { z } from 'zod';
import { anyObject } from './schema.js';

const time = z.string();

const message = z.looseObject({
  id: z.string().optional(),
  role: z.enum(['user', 'assistant', 'system', 'tool']),
  content: z.union([z.string(), z.array(anyObject).readonly()]),
  name: z.string().optional(),
  toolCalls: z.array(anyObject).readonly().optional(),
  toolCallId: z.string().optional(),
  metadata: anyObject.optional(),
  createdAt: time.optional(),
});

const checkpoint = z.looseObject({
  id: z.string().optional(),
  agent: z.string(),
  stage: z.string(),
  stageOrder: z.number().int(),
  /** In full, never as a delta. */
  state: anyObject,
  outputs: anyObject.optional(),
  processing: z.array(anyObject).readonly().optional(),
  createdAt: time.optional(),
  /** How many of `messages` had been posted when the checkpoint was saved; from the times when absent. */
  afterMessages: z.number().int().nonnegative().optional(),
});

const pipeline = z.object({
  name: z.string(),
  stages: z
    .array(z.object({ name: z.string(), agent: z.string(), queue: z.string().exactOptional() }))
    .readonly(),
});

const execution = z.looseObject({
  id: z.string().optional(),
  status: z.enum(['running', 'completed', 'failed', 'cancelled']),
  requestId: z.string().optional(),
  pipeline: pipeline.optional(),
  input: anyObject.optional(),
  output: anyObject.optional(),
  error: z.string().optional(),
  reason: z.string().optional(),
  startedAt: time.optional(),
  endedAt: time.optional(),
  checkpoints: z.array(checkpoint).readonly(),
});

const session = z.looseObject({
  id: z.string().optional(),
  userId: z.string().optional(),
  title: z.string().nullish(),
  status: z.string().optional(),
  mode: z.enum(['interactive', 'background']).optional(),
  metadata: anyObject.optional(),
  parentSessionId: z.string().optional(),
  forkedFrom: anyObject.optional(),
  revision: z.union([z.number(), z.string()]).optional(),
  createdAt: time.optional(),
  updatedAt: time.optional(),
});

/**
 * A session as Forkline exports it in JSON, and takes it back: version 1. Times are ISO 8601 UTC,
 * messages oldest first, executions and checkpoints in the order they were made. Fields beyond these
 * are allowed, so that a newer export can be read by an older import.
 */
export const forklineExport = z.looseObject({
  forkline: z.literal(1),
  /** Left out of a run's key: exporting a session twice gives the same run. */
  exportedAt: time.optional(),
  session,
  messages: z.array(message).readonly(),
  executions: z.array(execution).readonly(),
});

export type ForklineExport = Readonly<z.output<typeof forklineExport>>;
export type ExportedMessage = Readonly<z.output<typeof message>>;
export type ExportedExecution = Readonly<z.output<typeof execution>>;
export type ExportedCheckpoint = Readonly<z.output<typeof checkpoint>>;

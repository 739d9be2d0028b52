import { z } from 'zod';
import { count, moment, revision } from './common.js';
import { checkpointDetailSchema, executionSchema } from './executions.js';
import { messageSchema, sessionSchema } from './sessions.js';

const { finishedAt: endedAt, createdAt: startedAt, ...execution } = executionSchema.shape;

/** A session with all that is in it, as it can be imported again. */
const whole = z
  .strictObject({
    forkline: z.literal(1),
    exportedAt: moment,
    session: sessionSchema.omit({ messageCount: true }),
    messages: z.array(messageSchema),
    executions: z.array(
      z.strictObject({
        ...execution,
        startedAt,
        endedAt,
        checkpoints: z.array(checkpointDetailSchema),
      }),
    ),
    at: z.strictObject({ revision, position: count, created: moment }).exactOptional(),
  })
  .meta({ id: 'SessionExport' });

export const exportedSchema = {
  'application/json': whole,
  'text/plain': z.string(),
  'text/markdown': z.string(),
};

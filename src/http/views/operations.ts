import { z } from 'zod';
import type { ProjectionStatus } from '../../projecting/runner.js';
import type { ParkedEventView } from '../../queries/parked.js';
import type { rebuildView } from '../routes/rebuild-view.js';
import { schemaOf } from './agreement.js';
import { count, moment, position, revision, streamName } from './common.js';

export const rebuildSchema = schemaOf<ReturnType<typeof rebuildView>>()(
  z
    .strictObject({
      id: z.string(),
      state: z.enum(['building', 'switching', 'switched', 'stopped', 'cancelled']),
      names: z.array(z.string()),
      collection: z.string().nullable(),
      position: z.string(),
      head: z.string(),
      events: count,
      eventsPerSecond: z.number().nullable(),
      startedAt: moment,
      skip: z.array(z.string()),
      poison: z
        .strictObject({
          projection: z.string(),
          eventId: z.string(),
          stream: streamName,
          revision,
          position: z.string(),
          type: z.string(),
          error: z.string(),
        })
        .nullable(),
    })
    .meta({ id: 'Rebuild' }),
);

const built = z.strictObject({ collection: z.string(), version: z.int() });

/** What serves a projection, and what served before. */
export const standingSchema = z
  .strictObject({
    name: z.string(),
    serving: built.exactOptional(),
    previous: built.nullable().exactOptional(),
  })
  .meta({ id: 'Standing' });

type Status = Omit<ProjectionStatus, 'position'>;

const status = schemaOf<Status>()(
  z.strictObject({
    name: z.string(),
    version: z.int(),
    lagEvents: count.nullable(),
    lagSeconds: z.number().nullable(),
    stuck: z.boolean(),
  }),
);

const projection = status.extend({
  kind: z.literal('projection'),
  position: z.string(),
  parked: count,
  serving: built,
  previous: built.nullable(),
  rebuild: rebuildSchema.nullable(),
});

const reaction = z.strictObject({
  kind: z.literal('reaction'),
  name: z.string(),
  stuck: z.boolean(),
  parked: count,
});

export const consumerSchema = z
  .discriminatedUnion('kind', [projection, reaction])
  .meta({ id: 'Consumer', description: 'A projection, or a reaction.' });

export const parkedEventSchema = schemaOf<ParkedEventView>()(
  z
    .strictObject({
      id: z.string(),
      key: z.string(),
      stream: streamName,
      revision: z.int(),
      position,
      type: z.string(),
      error: z.string().nullable(),
      attempts: count,
      parkedAt: moment,
    })
    .meta({ id: 'ParkedEvent' }),
);

export const retriedSchema = z
  .strictObject({ handled: count, error: z.string().nullable(), parked: count })
  .meta({ id: 'Retried' });

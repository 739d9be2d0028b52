import { z } from 'zod';
import type { Lineage, LineageNode } from '../../queries/lineage.js';
import type { StreamEventView } from '../../replay/event-view.js';
import type { Step } from '../../replay/steps.js';
import { jsonObject } from '../schema.js';
import { schemaOf } from './agreement.js';
import {
  count,
  delta,
  moment,
  origin,
  position,
  revision,
  segment,
  streamName,
  writtenWith,
} from './common.js';

const event = {
  id: z.uuid(),
  type: z.string(),
  topic: z.string(),
  stream: streamName,
  revision,
  position,
  created: moment,
  origin: origin.exactOptional(),
};

/** An event, as it is in a stream. What is in its data, docs/events.md says for each type. */
export const streamEventSchema = z
  .strictObject({ ...event, data: jsonObject, metadata: jsonObject })
  .meta({ id: 'StreamEvent' });

streamEventSchema satisfies z.ZodType<Omit<StreamEventView, 'data' | 'metadata'>>;

export const stepSchema = schemaOf<Step>()(
  z.strictObject({ ...event, changes: delta }).meta({
    id: 'Step',
    description: 'An event, and what it changed in the state of its stream.',
  }),
);

export const streamStateSchema = z
  .strictObject({
    stream: streamName,
    revision,
    position,
    state: jsonObject,
    entries: z
      .record(z.string(), z.strictObject({ count, list: z.string() }))
      .describe('How many messages or checkpoints there are besides, and where they are listed.')
      .exactOptional(),
  })
  .meta({ id: 'StreamState' });

const node = z.strictObject({
  stream: streamName,
  revision,
  ownEvents: count,
  createdAt: moment,
  detachedFrom: origin.exactOptional(),
  get forks(): z.ZodType<LineageNode['forks']> {
    return z
      .array(node.extend({ at: revision }).meta({ id: 'LineageFork' }))
      .meta({ id: 'LineageForks' });
  },
});

export const lineageSchema = schemaOf<Lineage>()(
  z
    .strictObject({
      stream: streamName,
      ancestors: z.array(segment),
      detachedFrom: origin.exactOptional(),
      tree: node.meta({ id: 'LineageNode' }),
      truncated: z.boolean(),
    })
    .meta({ id: 'Lineage' }),
);

const tail = z.strictObject({
  stream: streamName,
  revision,
  ownEvents: count,
  events: z.array(streamEventSchema),
  more: z.string().nullable().describe('Where the events go on; null when these are all.'),
});

export const streamComparisonSchema = z
  .strictObject({
    common: origin.nullable().describe('The last event that the two share.'),
    a: tail,
    b: tail,
    changes: delta,
    truncated: z.boolean().describe('Whether there may be differences besides.'),
  })
  .meta({ id: 'StreamComparison' });

/** What forking answers; of a session with what is open in it, also what was taken along. */
export const forkedSchema = writtenWith({
  children: z.array(z.strictObject({ stream: streamName, forkedFrom: origin })).exactOptional(),
  shared: z.array(streamName).exactOptional(),
  sharedCount: count.exactOptional(),
});

import { z } from 'zod';
import type { ForkOrigin, Origin, Segment } from '../../domain/fork.js';
import { publishedAs } from '../published.js';
import { json } from '../schema.js';
import { schemaOf } from './agreement.js';

/** The id of something made here, or under an id of the client's. */
export const uuid = publishedAs(z.uuid(), { type: 'string', format: 'uuid' });

/** A moment, ISO 8601 UTC. */
export const moment = publishedAs(z.iso.datetime({ precision: 3 }), {
  type: 'string',
  format: 'date-time',
  description: 'ISO 8601, UTC.',
});

export const count = z.int().nonnegative();
export const revision = count.describe('A place in a stream, counted from 0.');

/** A place in the whole store. */
export const position = publishedAs(z.string().regex(/^\d{1,20}$/), {
  type: 'string',
  pattern: '^\\d{1,20}$',
  description: 'A place in the whole store; it may outgrow what a number holds.',
});

export const streamName = z.string().min(1);

export const origin = schemaOf<Origin>()(
  z
    .strictObject({ stream: streamName, revision })
    .meta({ id: 'Origin', description: 'Where something was first written.' }),
);

/** Where a fork was forked from. */
export const forkOrigin = schemaOf<ForkOrigin>()(
  z.strictObject({ stream: streamName, revision, detached: z.literal(true).exactOptional() }).meta({
    id: 'ForkOrigin',
    description: 'Where a fork was forked from, and whether it was detached since.',
  }),
);

export const segment = schemaOf<Segment>()(
  z.strictObject({ stream: streamName, through: revision }).meta({ id: 'Segment' }),
);

/** What turns one JSON document into another. */
export const delta = z
  .array(
    z.union([
      z.strictObject({ op: z.enum(['add', 'replace']), path: z.string(), value: json }),
      z.strictObject({ op: z.literal('remove'), path: z.string() }),
    ]),
  )
  .meta({ id: 'Delta', description: 'Operations of JSON Patch (RFC 6902).' });

/** One page of a list. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({
    items: z.array(item),
    next: z.string().nullable().describe('Passed back as `cursor`; null on the last page.'),
  });

const place = { id: z.string(), stream: streamName, revision, position };

/** What every write answers: where its effect is. */
export const writtenSchema = z
  .strictObject(place)
  .meta({ id: 'Written', description: 'Where the effect of a write is.' });

/** What a write answers that has more to say. */
export const writtenWith = <More extends z.ZodRawShape>(more: More) =>
  z.strictObject({ ...place, ...more });

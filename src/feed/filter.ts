import { z } from 'zod';
import type { Caller } from '../commands/request.js';
import { storedId, storedName } from '../domain/deciders.js';
import { type EventLabel, familiesOf, type Property, properties } from './feed-event.js';

const names = z.array(z.string().min(1).max(256)).min(1).max(100);

/**
 * Which events a consumer asks for. An event has to match every field given, and of a field with
 * several values one. A topic that ends in `.*` stands for all topics under it.
 */
export const filterSchema = z.strictObject({
  categories: names.optional(),
  streams: names.optional(),
  types: names.optional(),
  topics: names.optional(),
  sessionId: z.string().min(1).max(256).optional(),
});

export type Filter = z.infer<typeof filterSchema>;

const notAStart = 'must be "now", "start" or a position';

/** Where a consumer begins. A position is exclusive: what it gets are the events after it. */
export const startSchema = z.union(
  [
    z.literal('now'),
    z.literal('start'),
    z
      .string()
      .regex(/^\d{1,16}$/)
      .transform(Number)
      .refine(Number.isSafeInteger, notAStart),
  ],
  notAStart,
);

export type Start = z.infer<typeof startSchema>;

/** The names that a caller wants in each property; undefined where any will do, or none is there. */
export type Wanted = Readonly<Record<Property, readonly string[] | undefined>>;

/** What a filter asks for, as far as the caller may see it: their own, or, for administrators, everything. */
export const wantedBy = (
  caller: Caller,
  { categories, streams, types, topics, sessionId }: Filter,
): Wanted => ({
  stream: distinct(streams?.map(storedName)),
  // What belongs to no session may go by any name, in upper case too.
  session: distinct(sessionId === undefined ? undefined : [sessionId, storedId(sessionId)]),
  owner: caller.admin ? undefined : [caller.userId],
  type: distinct(types),
  topic: withoutCovered(distinct(topics)),
  category: distinct(categories),
});

/** Makes a test of events: whether someone who wants this is to be told of them. */
export const showing = (wanted: Wanted): ((event: EventLabel) => boolean) => {
  const asked = properties.flatMap((property) => {
    const values = wanted[property];
    return values ? [{ property, values: new Set(values) }] : [];
  });
  return ({ names }) =>
    asked.every(({ property, values }) => names[property].some((name) => values.has(name)));
};

const distinct = (values: readonly string[] | undefined): readonly string[] | undefined =>
  values && [...new Set(values)];

/** Without the topics whose family is there as well: so that an event has one name at most of those left. */
const withoutCovered = (topics: readonly string[] | undefined): readonly string[] | undefined => {
  const listed = new Set(topics);
  return topics?.filter((topic) => {
    const name = topic.endsWith('.*') ? topic.slice(0, -2) : topic;
    return !familiesOf(name).some((family) => listed.has(family));
  });
};

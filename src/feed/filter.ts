import { z } from 'zod';
import { type Caller, maySee } from '../commands/request.js';
import { isArchive } from '../domain/archive.js';
import { type EventLabel, isTombstone } from './feed-event.js';

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

type Test = (event: EventLabel) => boolean;

/** Whether a caller who asked for what the filter says is shown an event. */
export const shownTo = (caller: Caller, filter: Filter): Test => {
  const tests = [mayBeSeenBy(caller), ...testsOf(filter)];
  return (event) => tests.every((test) => test(event));
};

/** Nobody owns a tombstone: it is the administrators' alone. Copies of events are nobody's business. */
const mayBeSeenBy =
  (caller: Caller): Test =>
  (event) =>
    !isArchive(event.stream) && (isTombstone(event) ? caller.admin : maySee(caller, event.ownerId));

const testsOf = ({ categories, streams, types, topics, sessionId }: Filter): Test[] => {
  const tests: Test[] = [];
  if (categories) tests.push(isIn(categories, ({ category }) => category));
  if (streams) tests.push(isIn(streams, ({ stream }) => stream));
  if (types) tests.push(isIn(types, ({ type }) => type));
  if (topics) tests.push(hasTopicOf(topics));
  if (sessionId !== undefined) tests.push(belongsTo(sessionId));
  return tests;
};

const isIn = (wanted: readonly string[], nameOf: (event: EventLabel) => string): Test => {
  const set = new Set(wanted);
  return (event) => set.has(nameOf(event));
};

const hasTopicOf = (topics: readonly string[]): Test => {
  const exact = new Set(topics);
  const families = topics
    .filter((topic) => topic.endsWith('.*'))
    .map((topic) => topic.slice(0, -1));
  return ({ topic }) => exact.has(topic) || families.some((family) => topic.startsWith(family));
};

const belongsTo = (sessionId: string): Test => {
  const session = `session-${sessionId}`;
  return ({ stream, correlationId }) => stream === session || correlationId === sessionId;
};

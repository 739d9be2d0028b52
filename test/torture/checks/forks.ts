import { archiveOf } from '../../../src/domain/archive.js';
import type { Segment } from '../../../src/domain/fork.js';
import type { StoredEvent } from '../../../src/eventstore/event-store.js';
import type { History } from '../history.js';
import { type LogLine, linesOf } from '../log-lines.js';
import { type Finding, findingOf } from './finding.js';

const ancestryIn = (events: readonly StoredEvent[] | undefined): readonly Segment[] => {
  const [first] = events ?? [];
  return first?.type === 'StreamForked'
    ? (first.data as { ancestry: readonly Segment[] }).ancestry
    : [];
};

/** What a stream consists of up to a revision, by its `StreamForked` alone: inherited events and its own. */
const eventsThrough = (
  { streams }: History,
  stream: string,
  through: number,
): readonly StoredEvent[] => {
  const own = streams.get(stream) ?? [];
  const segments = [...ancestryIn(own), { stream, through }];
  return segments.flatMap((segment, index) => {
    const after = segments[index - 1]?.through ?? -1;
    const last = Math.min(segment.through, through);
    return (streams.get(segment.stream) ?? [])
      .filter(({ revision }) => revision > after && revision <= last)
      .map(asWritten);
  });
};

const isComplete = (events: readonly StoredEvent[], through: number): boolean =>
  events.length === through + 1 && events.every(({ revision }, index) => revision === index);

const sameJson = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The event that a copy in an archive says that it is a copy of; any other event is itself. */
const asWritten = (event: StoredEvent): StoredEvent => {
  const { archived, ...metadata } = event.metadata;
  if (!archived) return event;
  const { base, ...written } = archived;
  const { data, revision, size } = event;
  return {
    ...{ ...written, data, revision, size },
    metadata: base === undefined ? metadata : { ...metadata, base },
  };
};

/**
 * Up to where it was forked, a fork is its parent, event by event: by what the history says it
 * inherits, by what was answered when somebody read it, and, once it is detached, by its copies.
 */
export const checkForks = (history: History, log: readonly LogLine[]): readonly Finding[] => {
  const { streams } = history;
  const inherited = findingOf('forks are what they were forked from');
  const read = findingOf('forks were read as what they were forked from');
  const copies = findingOf('detached forks have exact copies');
  const asked = new Map(
    linesOf(log, 'intent').flatMap(({ makes, forks }) => (makes && forks ? [[makes, forks]] : [])),
  );

  for (const [stream, events] of streams) {
    const ancestry = ancestryIn(events);
    const origin = ancestry.at(-1);
    if (!origin) continue;
    inherited.look();
    const through = origin.through;
    const first = events[0];
    if (first?.metadata.base !== through + 1)
      inherited.broken(stream, `begins at ${first?.metadata.base}, not ${through + 1}`);
    const past = eventsThrough(history, stream, through);
    if (!isComplete(past, through))
      inherited.broken(stream, `inherits ${past.length} events of ${through + 1}`);
    const from = asked.get(stream);
    if (!from) continue;
    if (from.at !== through)
      inherited.broken(stream, `was to be forked at ${from.at} and was at ${through}`);
    const parents = eventsThrough(history, from.stream, from.at);
    if (!sameJson(past.map(nameOf), parents.map(nameOf)))
      inherited.broken(stream, `differs from ${from.stream} before revision ${from.at}`);
  }

  for (const { fork, through, ids } of linesOf(log, 'fork-read')) {
    read.look();
    const expected = eventsThrough(history, fork, through).map(({ id }) => id);
    const at = expected.findIndex((id, index) => id !== ids[index]);
    if (at >= 0 || ids.length !== expected.length)
      read.broken(
        `${fork}@${at >= 0 ? at : ids.length}`,
        `was read with ${ids.length} inherited events, of ${expected.length}`,
      );
  }

  for (const [stream, events] of streams) {
    if (!events.some(({ type }) => type === 'StreamDetached')) continue;
    copies.look();
    const through = ancestryIn(events).at(-1)?.through ?? -1;
    const archive = streams.get(archiveOf(stream)) ?? [];
    const past = eventsThrough(history, stream, through);
    if (archive.length !== past.length)
      copies.broken(stream, `has ${archive.length} copies of ${past.length} events`);
    for (const [index, event] of past.entries()) {
      const copy = archive[index];
      if (!copy) break;
      if (!sameFields(asWritten(copy), event))
        copies.broken(`${archiveOf(stream)}@${index}`, `is not the event ${nameOf(event)}`);
    }
  }
  return [inherited.done(), read.done(), copies.done()];
};

const nameOf = ({ stream, revision, id }: StoredEvent): string => `${stream}@${revision} ${id}`;

/** Whether two objects have the same fields with the same values, in any order. */
const sameFields = (a: object, b: object): boolean => sameJson(sorted(a), sorted(b));

const sorted = (value: unknown): unknown =>
  typeof value !== 'object' || value === null || Array.isArray(value)
    ? value
    : Object.entries(value)
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([name, each]) => [name, sorted(each)]);

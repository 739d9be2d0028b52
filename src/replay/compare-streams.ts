import type { Category } from '../domain/deciders.js';
import type { Delta } from '../domain/delta.js';
import type { Origin } from '../domain/fork.js';
import { ancestryAt } from '../eventstore/descents.js';
import type { Streams } from '../eventstore/lineage.js';
import { load, type Sources, withKeys } from '../eventstore/load.js';
import { countOf, type Loaded } from '../eventstore/partial.js';
import { entryChanges, fullPage, headChanges, sizeOfEntries } from './changes.js';
import { type StreamEventView, streamEventView } from './event-view.js';
import { type Descendant, partingOf } from './parting.js';
import { type AnyDecider, type AnyState, deciderOf } from './state-at.js';
import { changedBy } from './steps.js';

/** One of two streams, as of a revision that it has. */
export type Compared = Readonly<{ stream: string; revision: number }>;

/** What happened in one of two streams since they parted. */
export type Tail = Compared &
  Readonly<{
    /** How many events it has that the other has not. */
    ownEvents: number;
    /** The first of them. */
    events: readonly StreamEventView[];
    /** The revision that the events go on from; null when these are all. */
    next: number | null;
  }>;

export type StreamComparison = Readonly<{
  /** The last event that the two share; null for streams that are not related. */
  common: Origin | null;
  a: Tail;
  b: Tail;
  /** What turns the state of `a` into that of `b` (RFC 6902). */
  changes: Delta;
  /** Whether there may be differences of messages or checkpoints besides. */
  truncated: boolean;
}>;

/** So many events of a tail are looked at, and so much of them in characters of JSON, for what they changed. */
const mostRead = 1_000;
const mostSize = 16 * 1024 * 1024;
const batchSize = 32;

/**
 * Compares two streams of a category. Where they part, their ancestries say. What they share is not
 * read, but for the few events after the newest snapshot: an entry that neither has changed since
 * cannot differ. Of streams that are not related, and of what goes beyond the first 1,000 events of a
 * tail, no entries are compared.
 *
 * @param limit how many events of each tail are wanted
 */
export const compareStreams = async (
  sources: Sources,
  category: Category,
  a: Compared,
  b: Compared,
  limit: number,
): Promise<StreamComparison> => {
  const decider = deciderOf(category);
  const common = partingOf(
    await descendantOf(sources.streams, a),
    await descendantOf(sources.streams, b),
  );
  const looking = {
    decider,
    limit,
    after: common?.revision ?? -1,
    isRelated: common !== undefined,
  };
  const tailA = await tailOf(sources.streams, a, looking);
  const tailB = await tailOf(sources.streams, b, looking);
  const stateA = await load(sources, decider, a.stream, { through: a.revision });
  const stateB = await load(sources, decider, b.stream, { through: b.revision });
  const keys = [...new Set([...tailA.changed, ...tailB.changed])];
  const entries = await entriesBetween(sources, decider, { a, b, stateA, stateB }, keys);
  const hasEntries = countOf(decider, stateA) + countOf(decider, stateB) > 0;
  return {
    common: common ?? null,
    a: tailA.tail,
    b: tailB.tail,
    changes: [...headChanges(decider, stateA.state, stateB.state), ...entries.changes],
    truncated: hasEntries && !(tailA.isWhole && tailB.isWhole && entries.isWhole),
  };
};

/** A stream as it was at a revision: at one that it inherited, what it inherited that from. */
const descendantOf = async (
  streams: Streams,
  { stream, revision }: Compared,
): Promise<Descendant> => {
  const segments = ancestryAt(stream, (await streams.pedigreeOf(stream)) ?? [], revision);
  const holder = segments.at(-1)?.stream ?? stream;
  return { stream: holder, ancestry: segments.slice(0, -1), revision };
};

type Looking = Readonly<{
  decider: AnyDecider;
  limit: number;
  /** The last revision that is shared. */
  after: number;
  isRelated: boolean;
}>;

type Looked = Readonly<{
  tail: Tail;
  /** The entries that its events changed. */
  changed: ReadonlySet<string>;
  /** Whether that is told of all its events. */
  isWhole: boolean;
}>;

const tailOf = async (
  streams: Streams,
  { stream, revision }: Compared,
  { decider, limit, after, isRelated }: Looking,
): Promise<Looked> => {
  const ownEvents = revision - after;
  const events: StreamEventView[] = [];
  const changed = new Set<string>();
  const isLookingOn = isRelated && decider.snapshots?.entries !== undefined;
  const read = streams.read(stream, {
    from: after + 1,
    through: revision,
    limit: isLookingOn ? mostRead : limit,
  });
  let [count, size] = [0, 0];
  let isPageFull = false;
  for await (const event of read) {
    count += 1;
    for (const key of changedBy(decider, event)) changed.add(key);
    size += JSON.stringify(event.data).length;
    if (!isPageFull) events.push(streamEventView(event, stream));
    isPageFull ||= events.length >= limit || size >= fullPage;
    if (size >= mostSize || (isPageFull && !isLookingOn)) break;
  }
  const next = events.length < ownEvents ? after + 1 + events.length : null;
  return {
    tail: { stream, revision, ownEvents, events, next },
    changed: isRelated ? changed : new Set(),
    isWhole: isRelated && count === ownEvents,
  };
};

type Pair = Readonly<{
  a: Compared;
  b: Compared;
  stateA: Loaded<AnyState>;
  stateB: Loaded<AnyState>;
}>;

/** The differences of some entries, up to a size. */
const entriesBetween = async (
  sources: Sources,
  decider: AnyDecider,
  { a, b, ...loaded }: Pair,
  keys: readonly string[],
): Promise<Readonly<{ changes: Delta; isWhole: boolean }>> => {
  const changes = [];
  let { stateA, stateB } = loaded;
  let size = 0;
  for (let at = 0; at < keys.length; at += batchSize) {
    if (size >= fullPage) return { changes, isWhole: false };
    const some = keys.slice(at, at + batchSize);
    stateA = await withKeys(sources, decider, a.stream, stateA, some);
    stateB = await withKeys(sources, decider, b.stream, stateB, some);
    changes.push(...entryChanges(decider, stateA.state, stateB.state, some));
    size += sizeOfEntries(decider, stateA.state, some) + sizeOfEntries(decider, stateB.state, some);
  }
  return { changes, isWhole: true };
};

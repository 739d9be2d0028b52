import type { Decider, Fact } from '../domain/decider.js';
import type { Segment } from '../domain/fork.js';
import { withFields } from '../fields.js';
import { commandsIn } from './carried-out.js';
import { ancestryAt } from './descents.js';
import type { StoredEvent } from './event-store.js';
import { evolveStored, factOf } from './fold.js';
import { baseOf, type Streams } from './lineage.js';
import { beginning, type Loaded, outsetFrom, withEntries } from './partial.js';
import { lastSnapshotAt, noSnapshots, type Snapshots, SnapshotsUnavailable } from './snapshots.js';

/** What states are loaded from. */
export type Sources = Readonly<{ streams: Streams; snapshots: Snapshots }>;

type AnyDecider<State, Event extends Fact> = Decider<never, State, Event, unknown>;

export type Wanted<State> = Readonly<{
  /** A state loaded earlier, to fold only what came after it. */
  onto?: Loaded<State>;
  /** The last revision to fold, inclusive; the head by default. */
  through?: number;
  /** The entries that are needed. */
  keys?: readonly string[];
  /** Whether earlier commands are needed; only those of the events that are read, by default. */
  commands?: boolean;
}>;

/**
 * Loads a stream's state from its nearest snapshot and the events since: the same work wherever in a
 * stream of whatever length. Without snapshots, or when they cannot be had, every event is folded.
 *
 * @throws what reading the stream throws
 */
export const load = async <State, Event extends Fact>(
  sources: Sources,
  decider: AnyDecider<State, Event>,
  stream: string,
  { onto, through, keys = [], commands = false }: Wanted<State> = {},
): Promise<Loaded<State>> => {
  const unborn: Loaded<State> = {
    state: decider.initial,
    revision: 'none',
    position: 0,
    commands: [],
    base: 0,
  };
  if (!decider.snapshots && !onto) return loadWhole(sources, decider, stream, unborn, through);
  const ancestry = await sources.streams.ancestryOf(stream);
  if (!ancestry) return unborn;
  const nothing = withFields(unborn, { base: baseOf(ancestry) });
  // Where there was no stream yet, a fork of any length may have come into being since.
  const earlier = onto?.revision === 'none' ? undefined : onto;
  try {
    const segments = ancestryAt(stream, ancestry, through ?? Number.POSITIVE_INFINITY);
    const start =
      earlier ?? (await newestAlong(sources.snapshots, decider, nothing, segments)) ?? nothing;
    const own = start.outset?.segments.at(-1);
    const recalled =
      commands && !earlier && start.outset && own?.stream === stream
        ? await sources.snapshots.commands(start.outset.kind, start.outset.segments)
        : start.commands;
    const begun = await withEntries(sources.snapshots, decider, start, keys);
    return await advance(
      sources,
      decider,
      stream,
      withFields(begun, { commands: recalled }),
      through,
    );
  } catch (error) {
    if (!(error instanceof SnapshotsUnavailable)) throw error;
    return advance(sources, decider, stream, nothing, through);
  }
};

/** Where every event is folded in any case, one read is enough: it begins with what says where the stream comes from. */
const loadWhole = async <State, Event extends Fact>(
  sources: Sources,
  decider: AnyDecider<State, Event>,
  stream: string,
  unborn: Loaded<State>,
  through: number | undefined,
): Promise<Loaded<State>> => {
  const loaded = await advance(sources, decider, stream, unborn, through);
  if (loaded.revision === 'none') return loaded;
  return withFields(loaded, { base: baseOf((await sources.streams.ancestryOf(stream)) ?? []) });
};

/** The same state with some entries more. @throws what {@link load} throws */
export const withKeys = async <State, Event extends Fact>(
  sources: Sources,
  decider: AnyDecider<State, Event>,
  stream: string,
  loaded: Loaded<State>,
  keys: readonly string[],
): Promise<Loaded<State>> => {
  try {
    return await withEntries(sources.snapshots, decider, loaded, keys);
  } catch (error) {
    if (!(error instanceof SnapshotsUnavailable)) throw error;
    const { every, missed } = sources.snapshots;
    const without = { ...sources, snapshots: { ...noSnapshots, every, missed } };
    return load(without, decider, stream, { through: Number(loaded.revision) });
  }
};

/** The entries that commands are decided by. */
export const keysOf = <Command, Event extends Fact>(
  { snapshots }: Pick<Decider<Command, never, Event, unknown>, 'snapshots'>,
  commands: readonly Command[],
): readonly string[] => commands.flatMap((command) => snapshots?.entries?.namedBy(command) ?? []);

/** The newest snapshot of a logical stream: each segment holds those of its own revisions. */
export const newestAlong = async <State, Event extends Fact>(
  snapshots: Snapshots,
  decider: AnyDecider<State, Event>,
  nothing: Loaded<State>,
  segments: readonly Segment[],
): Promise<Loaded<State> | undefined> => {
  if (!decider.snapshots) return undefined;
  const kind = { category: decider.category, version: decider.snapshots.version };
  for (const [index, { stream, through }] of [...segments.entries()].reverse()) {
    const older = segments.slice(0, index);
    const last = lastSnapshotAt(through, snapshots.every);
    const own = { stream, through: last };
    const newest = last < baseOf(older) ? undefined : await snapshots.newest(kind, [...older, own]);
    if (newest) {
      const { revision } = newest;
      const holders = [...older, { stream, through: revision }];
      return withFields(nothing, outsetFrom(decider, newest, holders));
    }
  }
  return undefined;
};

/**
 * Folds the events after a state. An entry that one of them changes is looked up first.
 *
 * @throws what {@link eventsAfter} throws
 */
export const advance = async <State, Event extends Fact>(
  sources: Sources,
  decider: AnyDecider<State, Event>,
  stream: string,
  from: Loaded<State>,
  through?: number,
): Promise<Loaded<State>> => {
  const { snapshots } = sources;
  const commands = commandsIn(stream, from.commands);
  let loaded = from;
  let folded = 0;
  for await (const event of eventsAfter(sources, stream, from, through)) {
    if (loaded.outset) loaded = await knowingFor(snapshots, decider, loaded, [event]);
    loaded = foldedOnto(decider, loaded, event);
    commands.note(event);
    folded += 1;
  }
  if (decider.snapshots && folded > 2 * snapshots.every && loaded.revision !== 'none')
    snapshots.missed(stream, loaded.revision);
  return withFields(loaded, { commands: commands.all() });
};

/**
 * The events after a state. A snapshot has to be confirmed by the event it ends with: an event store
 * that was emptied or restored has another.
 *
 * @throws SnapshotsUnavailable, and what reading the stream throws
 */
export async function* eventsAfter(
  { streams, snapshots }: Sources,
  stream: string,
  from: Loaded<unknown>,
  through?: number,
): AsyncGenerator<StoredEvent> {
  const snapshot = snapshotAt(from);
  const next = from.revision === 'none' ? 0 : from.revision + 1;
  let isConfirmed = snapshot === undefined;
  const events = streams.read(stream, {
    from: snapshot ? snapshot.through : next,
    ...(through !== undefined && { through }),
  });
  for await (const event of events) {
    if (isConfirmed) yield event;
    else if (event.position !== from.position) break;
    else isConfirmed = true;
  }
  if (isConfirmed || !snapshot) return;
  await snapshots.discard(snapshot.stream);
  throw new SnapshotsUnavailable(`the snapshot of ${stream} is not of this store`);
}

/** The state after one more event. */
export const foldedOnto = <State, Event extends Fact>(
  decider: AnyDecider<State, Event>,
  loaded: Loaded<State>,
  event: StoredEvent,
): Loaded<State> => {
  const { revision, position } = event;
  return withFields(loaded, {
    state: evolveStored(decider, loaded.state, event),
    revision,
    position,
  });
};

/** Where the snapshot lies that a state was loaded from, as long as no event was folded onto it. */
const snapshotAt = ({ outset, revision }: Loaded<unknown>): Segment | undefined => {
  const last = outset?.segments.at(-1);
  return last?.through === revision ? last : undefined;
};

/** A state that knows the entries which some events change that come next. @throws SnapshotsUnavailable */
export const knowingFor = async <State, Event extends Fact>(
  snapshots: Snapshots,
  decider: AnyDecider<State, Event>,
  loaded: Loaded<State>,
  events: readonly StoredEvent[],
): Promise<Loaded<State>> => {
  const entries = decider.snapshots?.entries;
  if (!entries) return loaded;
  const begun = new Set<string>();
  const missing = new Set<string>();
  for (const event of events.map(factOf<Event>)) {
    const key = entries.changedBy(event);
    if (key === undefined || missing.has(key)) continue;
    if (entries.begins(event)) begun.add(key);
    else if (!begun.has(key)) missing.add(key);
  }
  return withEntries(snapshots, decider, beginning(loaded, begun), [...missing]);
};

import { Set as KeySet, OrderedMap } from 'immutable';
import type { Decider, Fact } from '../domain/decider.js';
import type { Segment } from '../domain/fork.js';
import type { CarriedOut } from './carried-out.js';
import type { Folded } from './fold.js';
import type { Snapshot, SnapshotKind, Snapshots } from './snapshots.js';

/** A stream's state with all its entries, or, loaded from a snapshot, with those asked for or changed since. */
export type Loaded<State> = Folded<State> &
  Readonly<{
    /** Commands carried out on the stream itself, oldest first. */
    commands: readonly CarriedOut[];
    /** The snapshot it was loaded from; absent when every event was folded: then every entry is there. */
    outset?: Outset;
  }>;

/** The snapshot that a state with some of its entries was loaded from. The others are still what they were there. */
export type Outset = Readonly<{
  kind: SnapshotKind;
  /** Where its entries lie: the streams it is made of, up to its revision. */
  segments: readonly Segment[];
  /** How many entries there were, and how many of those have been looked up. */
  count: number;
  found: number;
  /** The entries of which the state says whether they are there and what they are. */
  known: KeySet<string>;
  making?: string;
}>;

type AnyDecider<State, Event extends Fact> = Decider<never, State, Event, unknown>;
type EntryMap = OrderedMap<string, unknown>;

/**
 * The state of a snapshot, of whose entries none is known yet.
 *
 * @param segments where the entries lie: the streams the state is made of, up to the snapshot's
 *   revision
 */
export const outsetFrom = <State, Event extends Fact>(
  { category, snapshots }: AnyDecider<State, Event>,
  { head, revision, position, count, making }: Snapshot,
  segments: readonly Segment[],
): Pick<Loaded<State>, 'state' | 'revision' | 'position' | 'outset'> => ({
  // A snapshot's head is this decider's own state, by way of JSON.
  state: emptied(head as State, snapshots?.entries?.field),
  revision,
  position,
  outset: {
    kind: { category, version: snapshots?.version ?? 0 },
    segments,
    count,
    found: 0,
    known: KeySet(),
    ...(making !== undefined && { making }),
  },
});

/** What a snapshot keeps of a state besides the entries. */
export const headOf = <State extends object, Event extends Fact>(
  { snapshots }: Pick<AnyDecider<State, Event>, 'snapshots'>,
  state: State,
): object => emptied(state, snapshots?.entries?.field);

/**
 * The entries that a state knows. None for a state without a place for entries, as that of a stream
 * that does not exist.
 */
export const entriesOf = <State, Event extends Fact>(
  { snapshots }: Pick<AnyDecider<State, Event>, 'snapshots'>,
  state: State,
): EntryMap => entriesIn(state, snapshots?.entries?.field) ?? OrderedMap();

/** How many entries a state has, those that it does not know included. */
export const countOf = <State, Event extends Fact>(
  decider: Pick<AnyDecider<State, Event>, 'snapshots'>,
  { state, outset }: Pick<Loaded<State>, 'state' | 'outset'>,
): number => {
  const known = entriesOf(decider, state).size;
  return outset ? outset.count - outset.found + known : known;
};

/** The same state with some entries more, as far as it lacks them. @throws SnapshotsUnavailable */
export const withEntries = async <State, Event extends Fact>(
  snapshots: Snapshots,
  decider: Pick<AnyDecider<State, Event>, 'snapshots'>,
  loaded: Loaded<State>,
  keys: readonly string[],
): Promise<Loaded<State>> => {
  const { state, outset } = loaded;
  const field = decider.snapshots?.entries?.field;
  const missing = outset ? keys.filter((key) => !outset.known.has(key)) : [];
  if (!outset || field === undefined || missing.length === 0) return loaded;
  const found = await snapshots.entries(outset.kind, outset.segments, missing, outset.making);
  const entries = entriesIn(state, field)?.concat(found);
  return {
    ...loaded,
    ...(entries && { state: { ...state, [field]: entries } }),
    outset: {
      ...outset,
      found: outset.found + found.size,
      known: outset.known.union(missing),
    },
  };
};

/** The same state, with entries marked as known: to be used before the events that begin them are folded. */
export const beginning = <State>(
  loaded: Loaded<State>,
  keys: ReadonlySet<string>,
): Loaded<State> =>
  loaded.outset && keys.size > 0
    ? { ...loaded, outset: { ...loaded.outset, known: loaded.outset.known.union(keys) } }
    : loaded;

const entriesIn = (state: unknown, field: string | undefined): EntryMap | undefined =>
  field !== undefined && Object.hasOwn(state as object, field)
    ? // The decider names the field, and promises that it holds an OrderedMap.
      (state as Readonly<Record<string, EntryMap>>)[field]
    : undefined;

const emptied = <State>(state: State, field: string | undefined): State =>
  field !== undefined && Object.hasOwn(state as object, field)
    ? { ...state, [field]: OrderedMap() }
    : state;

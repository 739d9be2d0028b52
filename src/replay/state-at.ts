import type { Fact } from '../domain/decider.js';
import { type Category, deciders } from '../domain/deciders.js';
import { type Folded, fold } from '../eventstore/fold.js';
import type { Streams } from '../eventstore/lineage.js';
import { load, type Sources } from '../eventstore/load.js';
import { countOf } from '../eventstore/partial.js';
import { revisionAt } from './revision-at.js';

/** A stream's state, whatever its category. */
export type AnyState = Readonly<{ status: string }>;

/** A revision, or a moment as ISO 8601 UTC; the head when absent. */
export type Moment = number | string | undefined;

/** A stream's state without what grows with the stream. */
export type Head = Readonly<{
  state: object;
  /** The last event in it; `none` when nothing had happened by then. */
  revision: number | 'none';
  position: number;
  /** What the state leaves out: the field that has it, and how many entries there are in it. */
  entries?: Readonly<{ field: string; count: number }>;
}>;

/**
 * The head of a stream's state as of a revision or a moment, inclusive. Costs the same on a stream of
 * any length, but for finding the revision as of a moment, which grows by an event read for each
 * doubling.
 */
export const headAt = async (
  sources: Sources,
  category: Category,
  stream: string,
  at: Moment,
): Promise<Head> => {
  const decider = deciderOf(category);
  const through = await throughOf(sources.streams, stream, at);
  if (through === 'none') return { state: decider.initial, revision: 'none', position: 0 };
  const loaded = await load(sources, decider, stream, {
    ...(through !== undefined && { through }),
  });
  const { revision, position } = loaded;
  const field = decider.snapshots?.entries?.field;
  if (field === undefined || !Object.hasOwn(loaded.state, field))
    return { state: loaded.state, revision, position };
  const { [field]: _, ...state } = loaded.state as Readonly<Record<string, unknown>>;
  return { state, revision, position, entries: { field, count: countOf(decider, loaded) } };
};

/**
 * The whole of a stream's state as of a revision or a moment, inclusive: every event up to there is
 * folded. `none` as revision when nothing had happened by then.
 */
export const stateAt = async (
  streams: Streams,
  category: Category,
  stream: string,
  at: Moment,
): Promise<Folded<AnyState>> => {
  const decider = deciderOf(category);
  const through = await throughOf(streams, stream, at);
  if (through === 'none') return { state: decider.initial, revision: 'none', position: 0, base: 0 };
  return fold(streams, decider, stream, { ...(through !== undefined && { through }) });
};

/** A decider of any category, as far as folding goes. */
export type AnyDecider = Parameters<typeof fold<AnyState, Fact>>[1];

// Each decider's state is one of AnyState, and folding asks for nothing else of it.
/** The decider of a category, with types that allow folding and nothing else. */
export const deciderOf = (category: Category): AnyDecider =>
  deciders[category] as unknown as AnyDecider;

const throughOf = async (
  streams: Streams,
  stream: string,
  at: Moment,
): Promise<number | 'none' | undefined> =>
  typeof at === 'string' ? revisionAt(streams, stream, Date.parse(at)) : at;

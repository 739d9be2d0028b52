import type { Collections } from './collections.js';
import {
  ancestryOf,
  anyOf,
  inQueries,
  lyingIn,
  type Stretch,
  stretchesOf,
  within,
} from './segments.js';

/**
 * The revision up to which checkpoints are pruned, as of the end of the last stretch; -1 when none
 * are. What an ancestor had pruned by the revision forked at is pruned in its fork too.
 */
export const prunedThrough = async (
  { prunes }: Pick<Collections, 'prunes'>,
  stretches: readonly Stretch[],
): Promise<number> => {
  for (const group of inQueries(stretches.toReversed())) {
    const made = group.map(({ stream, high }) => ({
      stream,
      ...(Number.isFinite(high) && { from: { $lte: high } }),
    }));
    const newest = await prunes.find(anyOf(made)).sort({ from: -1 }).limit(1).next();
    // Each prune along a line goes further than those before it, an ancestor's too.
    if (newest) return newest.through;
  }
  return -1;
};

/** What pruning takes: the checkpoints at revisions from `first` to `through`. */
export type Cut = Readonly<{
  first: number;
  through: number;
  /** Revision of the oldest checkpoint that stays. */
  kept: number;
  /** How many go. */
  count: number;
  /** How many there are up to `through` with those that were pruned before. */
  total: number;
}>;

/** What goes when so many of an execution's newest checkpoints are kept; undefined when nothing does. */
export const cutKeeping = async (
  collections: Collections,
  stream: string,
  keepLast: number,
): Promise<Cut | undefined> => {
  const stretches = stretchesOf(stream, (await ancestryOf(collections, stream)) ?? []);
  const pruned = await prunedThrough(collections, stretches);
  const left = within(stretches, pruned + 1);
  const newest: number[] = [];
  for (const group of inQueries(left.toReversed())) {
    if (newest.length > keepLast) break;
    const rows = await collections.checkpoints
      .find(lyingIn(group))
      .sort({ seq: -1, from: -1 })
      .limit(keepLast + 1 - newest.length)
      .project<{ seq: number }>({ seq: 1 })
      .toArray();
    newest.push(...rows.map(({ seq }) => seq));
  }
  const through = newest[keepLast];
  const kept = newest[keepLast - 1];
  if (through === undefined || kept === undefined) return undefined;
  return {
    first: await firstSeq(collections, left, pruned + 1),
    through,
    kept,
    count: await countIn(collections, within(left, 0, through)),
    total: await countIn(collections, within(stretches, 0, through)),
  };
};

const countIn = async (
  { checkpoints }: Collections,
  stretches: readonly Stretch[],
): Promise<number> => {
  const counts = await Promise.all(
    inQueries(stretches).map((group) => checkpoints.countDocuments(lyingIn(group))),
  );
  return counts.reduce((sum, each) => sum + each, 0);
};

/** The revision of the oldest checkpoint along stretches. */
const firstSeq = async (
  { checkpoints }: Collections,
  stretches: readonly Stretch[],
  otherwise: number,
): Promise<number> => {
  for (const group of inQueries(stretches)) {
    const row = await checkpoints.find(lyingIn(group)).sort({ seq: 1, from: 1 }).limit(1).next();
    if (row) return row.seq;
  }
  return otherwise;
};

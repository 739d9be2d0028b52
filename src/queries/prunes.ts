import type { Collections } from './collections.js';
import { ancestryOf, type Stretch, stretchesOf } from './segments.js';

/**
 * The revision up to which checkpoints are pruned, as of the end of the last stretch; -1 when none
 * are. What an ancestor had pruned by the revision forked at is pruned in its fork too.
 */
export const prunedThrough = async (
  { prunes }: Pick<Collections, 'prunes'>,
  stretches: readonly Stretch[],
): Promise<number> => {
  const found = await Promise.all(
    stretches.map(({ stream, high }) =>
      prunes
        .find({ stream, ...(Number.isFinite(high) && { from: { $lte: high } }) })
        .sort({ from: -1 })
        .limit(1)
        .next(),
    ),
  );
  return Math.max(-1, ...found.map((prune) => prune?.through ?? -1));
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
  const newest: number[] = [];
  for (const { stream: holder, low, high } of [...stretches].reverse()) {
    if (newest.length > keepLast) break;
    const rows = await collections.checkpoints
      .find({ stream: holder, seq: between(Math.max(low, pruned + 1), high) })
      .sort({ seq: -1, from: -1 })
      .limit(keepLast + 1 - newest.length)
      .project<{ seq: number }>({ seq: 1 })
      .toArray();
    newest.push(...rows.map(({ seq }) => seq));
  }
  const through = newest[keepLast];
  const kept = newest[keepLast - 1];
  if (through === undefined || kept === undefined) return undefined;

  const count = async (from: number): Promise<number> => {
    const counts = await Promise.all(
      stretches.map(({ stream: holder, low, high }) =>
        collections.checkpoints.countDocuments({
          stream: holder,
          seq: between(Math.max(low, from), Math.min(high, through)),
        }),
      ),
    );
    return counts.reduce((sum, each) => sum + each, 0);
  };
  const first = await firstAfter(collections, stretches, pruned);
  return { first, through, kept, count: await count(pruned + 1), total: await count(0) };
};

const firstAfter = async (
  { checkpoints }: Collections,
  stretches: readonly Stretch[],
  revision: number,
): Promise<number> => {
  for (const { stream, low, high } of stretches) {
    const row = await checkpoints
      .find({ stream, seq: between(Math.max(low, revision + 1), high) })
      .sort({ seq: 1, from: 1 })
      .limit(1)
      .next();
    if (row) return row.seq;
  }
  return revision + 1;
};

const between = (low: number, high: number) => ({
  $gte: low,
  ...(Number.isFinite(high) && { $lte: high }),
});

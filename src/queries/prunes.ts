import type { Collections } from './collections.js';
import type { Stretch } from './segments.js';

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

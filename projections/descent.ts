import { type Origin, originOf, type Segment } from '../src/domain/fork.js';

/** What the document of a fork says of where it comes from. */
export type Descent = Readonly<{
  forkedFrom: Origin;
  /** The streams it was forked from, directly or not, oldest first. */
  ancestors: readonly string[];
}>;

/** @param ancestry of a fork, which has one ancestor at least */
export const descentOf = (ancestry: readonly Segment[]): Partial<Descent> => {
  const forkedFrom = originOf(ancestry);
  return {
    ...(forkedFrom && { forkedFrom }),
    ancestors: ancestry.map(({ stream }) => stream),
  };
};

import { type ForkOrigin, originOf, type Segment, type StreamForked } from '../src/domain/fork.js';
import type { Projected } from '../src/projecting/projection.js';

/** What the document of a fork says of where it comes from. */
export type Descent = Readonly<{
  forkedFrom: ForkOrigin;
  /** The streams it was forked from, directly or not, oldest first. */
  ancestors: readonly string[];
}>;

/** When what belongs to a session was open: from one position, inclusive, to another, exclusive. */
export type OpenSpan = Readonly<{
  /** 0 for what a fork of the session took along: there from its first event on. */
  createdPosition: number;
  /** Absent while it is open. */
  settledPosition?: number;
}>;

/**
 * The position from which on a fork counts as open in its session. What a fork of the session took
 * along is there from the session's first event on, hence 0.
 */
export const createdAs = ({
  data,
  position,
}: Projected<StreamForked>): Pick<OpenSpan, 'createdPosition'> => ({
  createdPosition: data.scope === 'tree' ? 0 : position,
});

/**
 * What the document of a fork says of where it comes from.
 *
 * @param ancestry of a fork, which has one ancestor at least
 */
export const descentOf = (ancestry: readonly Segment[]): Partial<Descent> => {
  const forkedFrom = originOf(ancestry);
  return {
    ...(forkedFrom && { forkedFrom }),
    ancestors: ancestry.map(({ stream }) => stream),
  };
};

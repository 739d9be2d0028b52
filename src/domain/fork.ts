import { shownStream } from './archive.js';
import type { Fact } from './decider.js';
import type { Moment } from './time.js';

/** A run of events taken from another stream: its revisions up to and including `through`. */
export type Segment = Readonly<{ stream: string; through: number }>;

/**
 * The first own event of a fork. `ancestry` is the whole way down, oldest first: the fork consists
 * of the segments' events and then of its own, under revisions that run on.
 */
export type StreamForked = Fact<
  'StreamForked',
  {
    ancestry: readonly Segment[];
    reason?: string;
    /** `tree`: a session that takes along what is open in it, and what it takes along. */
    scope: 'stream' | 'tree';
    /** How long it waits for an answer: what it inherits from is counted from another moment. */
    expiresAt?: Moment;
  } & Partial<Adoption>
>;

/** What a fork inherited has been copied: nothing of it is read from its ancestors any more. */
export type StreamDetached = Fact<'StreamDetached'>;

/** What a fork belongs to where that is not what its ancestor belongs to. Forks of the fork keep it. */
export type Adoption = Readonly<{ sessionId: string; executionId?: string }>;

/** What a fork belongs to by its `StreamForked`; undefined when it belongs to what its ancestor belongs to. */
export const adoptionIn = ({
  sessionId,
  executionId,
}: StreamForked['data']): Adoption | undefined =>
  sessionId === undefined
    ? undefined
    : { sessionId, ...(executionId !== undefined && { executionId }) };

/** Where a stream was forked from: a stream and the last revision taken from it. */
export type Origin = Readonly<{ stream: string; revision: number }>;

/** Where a fork comes from, and whether it still reads what it inherited there. */
export type ForkOrigin = Origin & Readonly<{ detached?: true }>;

/**
 * The change of state that `StreamDetached` makes: marks where the fork came from as no longer read.
 * None for a stream that is no fork.
 */
export const detached = ({
  forkedFrom,
}: Readonly<{ forkedFrom?: ForkOrigin }>): Readonly<{ forkedFrom?: ForkOrigin }> =>
  forkedFrom ? { forkedFrom: { ...forkedFrom, detached: true } } : {};

/** The nearest ancestor. A fork at an inherited revision descends from the stream that wrote that revision. */
export const originOf = (ancestry: readonly Segment[]): Origin | undefined => {
  const last = ancestry.at(-1);
  return last && { stream: shownStream(last.stream), revision: last.through };
};

import { LRUCache } from 'lru-cache';
import { deciders, parseStream } from '../domain/deciders.js';
import type { Segment, StreamForked } from '../domain/fork.js';
import { type Folded, fold } from '../eventstore/fold.js';
import type { Streams } from '../eventstore/lineage.js';
import type { AnyState } from './state-at.js';

type Kept = Readonly<{ through: number; folded: Promise<Folded<AnyState>> }>;

/**
 * Gives the state that a fork starts from; undefined for streams of no category of ours. The newest
 * state asked for of each stream is kept, so that a fork of a fork, or another fork of the same
 * stream further on, folds only what came since. `keptEvents` bounds how many events the kept
 * states were folded from in all.
 */
export const inheritedState = (streams: Streams, keptEvents = 500_000) => {
  const kept = new LRUCache<string, Kept>({
    maxSize: keptEvents,
    sizeCalculation: ({ through }) => Math.min(keptEvents, through + 1),
  });

  const stateAtEnd = (segments: readonly Segment[]): Promise<Folded<AnyState>> | undefined => {
    const end = segments.at(-1);
    const category = end && parseStream(end.stream)?.category;
    if (!category) return undefined;
    const { stream, through } = end;
    // Each decider's state is one of AnyState, and folding asks for nothing else of it.
    const decider = deciders[category] as unknown as Parameters<typeof fold<AnyState, never>>[1];

    const known = kept.get(stream);
    if (known?.through === through) return known.folded;
    const folded = (async () => {
      const isBefore = known !== undefined && known.through < through;
      const onto = await (isBefore ? known.folded : stateAtEnd(segments.slice(0, -1)));
      return fold(streams, decider, stream, { through, ...(onto && { onto }) });
    })();
    kept.set(stream, { through, folded });
    folded.catch(() => {
      if (kept.peek(stream)?.folded === folded) kept.delete(stream);
    });
    return folded;
  };

  return async (fork: StreamForked): Promise<AnyState | undefined> =>
    (await stateAtEnd(fork.data.ancestry))?.state;
};

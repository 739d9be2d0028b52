import { deciders, parseStream } from '../domain/deciders.js';
import { originOf, type StreamForked } from '../domain/fork.js';
import { fold } from '../eventstore/fold.js';
import type { Streams } from '../eventstore/lineage.js';
import type { AnyState } from './state-at.js';

/** Gives the state that a fork starts from; undefined for streams of no category of ours. */
export const inheritedState =
  (streams: Streams) =>
  async (fork: StreamForked): Promise<AnyState | undefined> => {
    const origin = originOf(fork.data.ancestry);
    const category = origin && parseStream(origin.stream)?.category;
    if (!category) return undefined;
    // Each decider's state is one of AnyState, and folding asks for nothing else of it.
    const decider = deciders[category] as unknown as Parameters<typeof fold<AnyState, never>>[1];
    return (await fold(streams, decider, origin.stream, { through: origin.revision })).state;
  };

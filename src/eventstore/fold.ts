import type { Decider, Fact } from '../domain/decider.js';
import type { StoredEvent } from './event-store.js';
import { baseOf, type Streams } from './lineage.js';

/** A stream's state, and the last event in it. */
export type Folded<State> = Readonly<{
  state: State;
  /** `none` for a stream without events. */
  revision: number | 'none';
  position: number;
  /** Revision of the stream's first own event. */
  base: number;
}>;

/** One step of a fold. The codec has upcast and checked the event; evolve passes over types it does not know. */
export const evolveStored = <State, Event extends Fact>(
  decider: Decider<never, State, Event, unknown>,
  state: State,
  event: StoredEvent,
): State => decider.evolve(state, event as unknown as Event);

/**
 * Folds a stream's events into its state.
 *
 * @param onto a state folded earlier, to fold only what came after it
 * @param through the last revision to fold, inclusive; the head by default
 * @param each sees every event on the way
 */
export const fold = async <State, Event extends Fact>(
  streams: Streams,
  decider: Decider<never, State, Event, unknown>,
  stream: string,
  {
    onto,
    through,
    each,
  }: Readonly<{
    onto?: Folded<State>;
    through?: number;
    each?: (event: StoredEvent) => void;
  }> = {},
): Promise<Folded<State>> => {
  let { state, revision, position } = onto ?? {
    state: decider.initial,
    revision: 'none' as const,
    position: 0,
  };
  const events = streams.read(stream, {
    from: revision === 'none' ? 0 : revision + 1,
    ...(through !== undefined && { through }),
  });
  for await (const event of events) {
    state = evolveStored(decider, state, event);
    each?.(event);
    ({ revision, position } = event);
  }
  // Where there was no stream yet, a fork may have come into being since.
  const isKnown = onto !== undefined && onto.revision !== 'none';
  const base = isKnown ? onto.base : baseOf((await streams.ancestryOf(stream)) ?? []);
  return { state, revision, position, base };
};

/** The state after a stream's very first event, which says whose it is; undefined for a stream without events. */
export const firstState = async <State, Event extends Fact>(
  streams: Streams,
  decider: Decider<never, State, Event, unknown>,
  stream: string,
): Promise<State | undefined> => {
  for await (const first of streams.read(stream, { limit: 1 }))
    return evolveStored(decider, decider.initial, first);
  return undefined;
};

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

/** One step of a fold. The codec has checked the event; evolve passes over types it does not know. */
export const evolveStored = <State, Event extends Fact>(
  decider: Decider<never, State, Event, unknown>,
  state: State,
  event: StoredEvent,
): State => decider.evolve(state, factOf<Event>(event));

/** A stored event as its decider knows it. The codec has checked its data; one of another type is of a newer build, and passed over. */
export const factOf = <Event extends Fact>(event: StoredEvent): Event => event as Fact as Event;

/**
 * Folds all of a stream's events into its state, whose every entry is there: work in proportion to
 * the stream's length. What can do with a part of the entries loads the state instead, see load.ts.
 *
 * @param through the last revision to fold, inclusive; the head by default
 * @throws what {@link Streams.read} throws
 */
export const fold = async <State, Event extends Fact>(
  streams: Streams,
  decider: Decider<never, State, Event, unknown>,
  stream: string,
  { through }: Readonly<{ through?: number }> = {},
): Promise<Folded<State>> => {
  let state = decider.initial;
  let revision: number | 'none' = 'none';
  let position = 0;
  const events = streams.read(stream, through === undefined ? {} : { through });
  for await (const event of events) {
    state = evolveStored(decider, state, event);
    ({ revision, position } = event);
  }
  const base = baseOf((await streams.ancestryOf(stream)) ?? []);
  return { state, revision, position, base };
};

/**
 * The state after a stream's very first event, which says whose it is; undefined for a stream without
 * events.
 *
 * @throws what {@link Streams.read} throws
 */
export const firstState = async <State, Event extends Fact>(
  streams: Streams,
  decider: Decider<never, State, Event, unknown>,
  stream: string,
): Promise<State | undefined> => {
  for await (const first of streams.read(stream, { limit: 1 }))
    return evolveStored(decider, decider.initial, first);
  return undefined;
};

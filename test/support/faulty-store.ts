import { type EventStore, StoreUnavailable } from '../../src/eventstore/event-store.js';

/**
 * An event store that, as seeded, loses appends on their way there, or their answers on the way
 * back: an append that fails may have been carried out.
 *
 * @param share how many of the appends fail, between 0 and 1
 */
export const faulty = (store: EventStore, seed: number, share: number): EventStore => {
  const random = randomFrom(seed);
  return {
    ...store,
    append: async (stream, events, expected) => {
      const fate = random();
      if (fate < share / 2) throw new StoreUnavailable('lost on its way there');
      const appended = await store.append(stream, events, expected);
      if (fate < share) throw new StoreUnavailable('lost on its way back');
      return appended;
    },
  };
};

/** Numbers between 0 and 1, the same for the same seed (mulberry32). */
export const randomFrom = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

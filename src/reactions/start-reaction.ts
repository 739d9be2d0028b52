import { setTimeout as delay } from 'node:timers/promises';
import { bulkhead } from 'cockatiel';
import type { Logger } from 'pino';
import type { Consumption, Delivery, EventStore } from '../eventstore/event-store.js';
import type { ParkedOf } from '../projecting/parked.js';
import { groupOf } from './group.js';
import { handleOrPark } from './handle-or-park.js';
import { orderedFor } from './order.js';
import type { Reaction } from './reaction.js';
import type { Retries } from './retries.js';

export type ReactionOptions = Readonly<{
  store: EventStore;
  reaction: Reaction;
  parked: ParkedOf;
  log: Logger;
  retries: Retries;
}>;

export type RunningReaction = Readonly<{
  /** For how long nothing was done with although there is something, or there is no connection; milliseconds. */
  stalledMs(): number;
  stop(): Promise<void>;
}>;

/** How many events a node holds, those it handles included: those of a slow key must not keep others out. */
const held = 256;

const patienceMs = 10_000;
const settlingMs = 10_000;

/** Takes part in a reaction's group for as long as it is not stopped, over any loss of the connection. */
export const startReaction = (options: ReactionOptions): RunningReaction => {
  const { store, reaction, log } = options;
  const { concurrency = 16 } = reaction;
  const stopping = new AbortController();
  const underWay = new Set<Promise<void>>();
  let consumption: Consumption | undefined;
  let connectedAt = Date.now();
  let lostAt: number | undefined;
  let movedAt = 0;

  /** Resolves when nothing is being handled any more, or it has taken too long. */
  const finished = () =>
    Promise.race([Promise.all(underWay), delay(patienceMs, undefined, { ref: false })]);

  const takePart = async (): Promise<void> => {
    await reaction.awaited?.(stopping.signal);
    if (stopping.signal.aborted) return;
    const { name, options: grouped } = groupOf(reaction);
    const opened = store.consume(name, { ...grouped, inFlight: held });
    consumption = opened;
    connectedAt = Date.now();
    const lost = new AbortController();
    const signal = AbortSignal.any([stopping.signal, lost.signal]);
    const inOrder = orderedFor(reaction);
    const slots = bulkhead(concurrency, Number.POSITIVE_INFINITY);

    const take = ({ event, ack }: Delivery): void => {
      const handle = () =>
        slots.execute(async () => {
          // What has not begun is left to whoever gets it next.
          if (signal.aborted) return;
          await handleOrPark(event, { ...options, signal });
          ack();
          movedAt = Date.now();
        });
      const work = inOrder(event, handle).catch((error: unknown) => {
        // Given up, it comes again.
        if (!signal.aborted) log.error({ err: error }, 'an event was left unacknowledged');
      });
      if (underWay.size === 0) movedAt = Date.now();
      underWay.add(work);
      void work.finally(() => underWay.delete(work));
    };

    try {
      for await (const delivery of opened) take(delivery);
    } finally {
      // Nothing of what is going on may meet the same events, delivered again.
      lost.abort();
      await finished();
    }
  };

  const run = async (): Promise<void> => {
    for (let failures = 0; !stopping.signal.aborted; failures++) {
      const started = Date.now();
      try {
        await takePart();
      } catch (error) {
        if (stopping.signal.aborted) return;
        if (Date.now() - started > 60_000) failures = 0;
        lostAt = isSettled() ? Date.now() : (lostAt ?? Date.now());
        log.warn({ err: error }, 'a reaction lost its connection; it goes on where it was');
        await pause(Math.min(100 * 2 ** failures, 5_000), stopping.signal);
      }
    }
  };

  /** A connection counts once it has held for a while: nothing else tells of its success. */
  const isSettled = () => Date.now() - connectedAt > settlingMs;

  const running = run();
  return {
    stalledMs: () => {
      if (lostAt !== undefined && !isSettled()) return Date.now() - lostAt;
      return underWay.size > 0 ? Date.now() - movedAt : 0;
    },
    stop: async () => {
      stopping.abort();
      // The store gives what is not acknowledged to others as soon as this consumer is gone.
      await finished();
      consumption?.close();
      await running;
    },
  };
};

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal }).catch(() => {});

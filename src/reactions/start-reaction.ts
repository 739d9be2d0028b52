import { setTimeout as delay } from 'node:timers/promises';
import { bulkhead } from 'cockatiel';
import type { Logger } from 'pino';
import { inLanes } from '../commands/lanes.js';
import type { Consumption, Delivery, EventStore, StoredEvent } from '../eventstore/event-store.js';
import type { ParkedOf } from '../projecting/parked.js';
import { streamLane } from '../projecting/parked-documents.js';
import { handleOrPark } from './handle-or-park.js';
import { lanesOf } from './handling.js';
import type { Reaction } from './reaction.js';
import type { Retries } from './retries.js';

export type ReactionOptions = Readonly<{
  store: EventStore;
  reaction: Reaction;
  parked: ParkedOf;
  log: Logger;
  concurrency: number;
  retries: Retries;
}>;

/** How many events a node holds for each that it handles: those of a slow key must not keep others out. */
const heldPerHandled = 16;

const patienceMs = 10_000;

/** Takes part in a reaction's group for as long as it is not stopped, over any loss of the connection. */
export const startReaction = (options: ReactionOptions): Readonly<{ stop(): Promise<void> }> => {
  const { store, reaction, concurrency, log } = options;
  const stopping = new AbortController();
  const underWay = new Set<Promise<void>>();
  let consumption: Consumption | undefined;

  /** Resolves when nothing is being handled any more, or it has taken too long. */
  const finished = () =>
    Promise.race([Promise.all(underWay), delay(patienceMs, undefined, { ref: false })]);

  const takePart = async (): Promise<void> => {
    const opened = store.consume(`forkline-${reaction.name}`, {
      ...(reaction.categories && { categories: reaction.categories }),
      from: reaction.from ?? 'start',
      together: reaction.together ?? 'stream',
      inFlight: concurrency * heldPerHandled,
    });
    consumption = opened;
    const lost = new AbortController();
    const signal = AbortSignal.any([stopping.signal, lost.signal]);
    const inLane = inLanes();
    const slots = bulkhead(concurrency, Number.POSITIVE_INFINITY);

    const take = ({ event, ack }: Delivery): void => {
      const work = inLane(laneOf(reaction, event), () =>
        slots.execute(async () => {
          // What has not begun is left to whoever gets it next.
          if (signal.aborted) return;
          await handleOrPark(event, { ...options, signal });
          ack();
        }),
      ).catch((error: unknown) => {
        // Given up, it comes again.
        if (!signal.aborted) log.error({ err: error }, 'an event was left unacknowledged');
      });
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
        log.warn({ err: error }, 'a reaction lost its connection; it goes on where it was');
        await pause(Math.min(100 * 2 ** failures, 5_000), stopping.signal);
      }
    }
  };

  const running = run();
  return {
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

/** In which order events are handled on this node: by key, or by stream where that cannot be told. */
const laneOf = (reaction: Reaction, event: StoredEvent): string => {
  try {
    return lanesOf(reaction, event).at(-1) ?? event.stream;
  } catch {
    return streamLane(event.stream);
  }
};

import type { Logger } from 'pino';
import type { EventStore } from '../eventstore/event-store.js';
import type { Told } from '../eventstore/told.js';
import type { Backoff } from './backoff.js';
import type { Consumer } from './consumer.js';
import type { WindowLimits } from './event-window.js';
import { fairWork } from './fair-work.js';
import { type FeedWatch, watchedByNobody } from './feed-watch.js';
import { type FeedRequest, follow } from './follow.js';
import { startHub } from './hub.js';
import { type PastLimits, pastOf } from './past.js';
import { sharedRead } from './shared-read.js';

/** What happens in the store, for those who may see it. */
export type Feed = Readonly<{
  /**
   * Tells a consumer each event that it asks for and may see, once and in order.
   *
   * @returns ends it
   */
  follow(request: FeedRequest, consumer: Consumer): () => void;
  /** What happens in the store, for another part of this process; available once the store was first reached. */
  told: Promise<Told>;
  /** Has something done when the feed stops, which waits for it. */
  onStop(leave: () => Promise<void>): void;
  /** Whether {@link stop} was called. */
  isStopping(): boolean;
  log: Logger;
  /** Whom those who serve clients tell of them. */
  watch: FeedWatch;
  /** Ends every consumer and lets go of the store, which it does not close. Safe to call twice. */
  stop(): Promise<void>;
}>;

export type FeedOptions = Readonly<{
  /** How many of the newest events to keep in memory. 4,096, and 16 MiB, by default. */
  window?: Partial<WindowLimits>;
  /** For how long they are kept after the last consumer left, in milliseconds; 60,000 by default. */
  lingerMs?: number;
  /** How long to wait before trying a lost store again. From 100 ms to 5 s by default. */
  retry?: Partial<Backoff>;
  /** How the past is read for those who are further behind. In pages of 512 events by default, kept for 30 s and up to 16 MiB. */
  past?: Partial<PastLimits>;
}>;

const mib = 1024 * 1024;
// How long those who catch up may keep what happens now waiting.
const sliceMs = 8;

/**
 * Starts to follow the store; one feed serves any number of consumers. The store need not be there
 * yet: consumers wait until it is.
 */
export const startFeed = (store: EventStore, log: Logger, options: FeedOptions = {}): Feed => {
  const window = { events: 4_096, bytes: 16 * mib, ...options.window };
  const { lingerMs = 60_000 } = options;
  const retry = { firstMs: 100, mostMs: 5_000, ...options.retry };
  const pages = { pageEvents: 512, keptBytes: 16 * mib, keptMs: 30_000, ...options.past };
  const { opened: hub, stop: stopHub } = startHub(store, log, { window, lingerMs, retry });
  const opened = hub.then((hub) => ({ hub, past: pastOf(store, hub, pages) }));
  const head = sharedRead(() => store.head());
  const sources = { opened, head, retry, fair: fairWork(sliceMs) };
  const leaving: (() => Promise<void>)[] = [];
  const ends = new Set<() => void>();

  const stop = async () => {
    for (const end of ends) end();
    await Promise.all(leaving.map((leave) => leave()));
    stopHub();
    void opened.then(({ past }) => past.stop());
  };

  let stopped: Promise<void> | undefined;
  return {
    log,
    watch: watchedByNobody,
    told: hub.then(({ position, stored }) => ({
      position,
      each: (listener) => {
        const telling = stored.subscribe(listener);
        return () => telling.unsubscribe();
      },
    })),
    isStopping: () => stopped !== undefined,
    onStop: (leave) => {
      leaving.push(leave);
    },
    follow: (request, consumer) => {
      const end = () => {
        leave();
        consumer.ended();
      };
      const unfollow = follow(sources, request, consumer, () => ends.delete(end));
      const leave = () => {
        ends.delete(end);
        unfollow();
      };
      ends.add(end);
      if (stopped !== undefined) end();
      return leave;
    },
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
};

import { type EventStore, StoreUnavailable } from '../eventstore/event-store.js';
import type { Hub } from './hub.js';
import { type Page, pageReader } from './page-reader.js';

/** What the store held before memory begins, read once for all who want the same part of it. */
export type Past = Readonly<{
  /**
   * A page that says what comes after a position.
   *
   * @param isWanted asked before anything is read for it
   * @returns what never settles once the page is not wanted
   * @throws what the store throws, as when it cannot be reached
   */
  after(position: number, isWanted: () => boolean): Promise<Page>;
  stop(): void;
}>;

export type PastLimits = Readonly<{
  /** The most events of a page. */
  pageEvents: number;
  /** Pages are kept up to this much together, in bytes of events. */
  keptBytes: number;
  /** How long a page is kept, in milliseconds: what is scavenged is not to be told for long. */
  keptMs: number;
}>;

type Ask = Readonly<{
  position: number;
  isWanted(): boolean;
  resolve(page: Page): void;
  reject(error: unknown): void;
}>;

/**
 * Reads page by page, one at a time, in the order in which they were asked for. A page serves everyone
 * who waits within it, and whoever comes a little later.
 */
export const pastOf = (store: EventStore, hub: Hub, limits: PastLimits): Past => {
  const reader = pageReader(store, hub, limits.pageEvents);
  let asks: Ask[] = [];
  let kept: readonly Page[] = [];
  let isReading = false;

  const forget = setInterval(() => {
    const oldest = performance.now() - limits.keptMs;
    kept = kept.filter(({ readAt }) => readAt >= oldest);
  }, limits.keptMs).unref();

  const keep = (page: Page) => {
    if (page.to === page.from) return;
    kept = [page, ...kept];
    let bytes = 0;
    kept = kept.filter((each) => {
      bytes += each.bytes;
      return each === page || bytes <= limits.keptBytes;
    });
  };

  const answer = (page: Page) => {
    const isOver = ({ position }: Ask) =>
      page.covers(position) || (page.isEnd && position === page.to);
    for (const ask of asks.filter(isOver)) ask.resolve(page);
    asks = asks.filter((ask) => !isOver(ask));
  };

  const fail = (failed: Ask, error: unknown) => {
    const isOver = (ask: Ask) => ask === failed || error instanceof StoreUnavailable;
    for (const ask of asks.filter(isOver)) ask.reject(error);
    asks = asks.filter((ask) => !isOver(ask));
  };

  const readOn = async () => {
    if (isReading) return;
    isReading = true;
    for (;;) {
      asks = asks.filter(({ isWanted }) => isWanted());
      const [first] = asks;
      if (!first) break;
      try {
        const page = await reader.read(first.position, kept);
        keep(page);
        answer(page);
      } catch (error) {
        fail(first, error);
      }
    }
    isReading = false;
  };

  return {
    after: (position, isWanted) => {
      const page = kept.find((each) => each.covers(position));
      if (page) return Promise.resolve(page);
      return new Promise((resolve, reject) => {
        asks.push({ position, isWanted, resolve, reject });
        void readOn();
      });
    },
    stop: () => {
      clearInterval(forget);
      reader.stop();
    },
  };
};

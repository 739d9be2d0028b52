import {
  type CaughtUp,
  type EventStore,
  type StoredEvent,
  StoreUnavailable,
} from '../eventstore/event-store.js';
import { firstAfter, type Stretch } from './event-window.js';
import { type FeedEvent, feedEvent } from './feed-event.js';
import type { Hub } from './hub.js';

/** What the store held after one position, up to and including another. */
export type Page = Stretch &
  Readonly<{
    from: number;
    to: number;
    /** Whether that was all the store held at some time since {@link begunAt}. */
    isEnd: boolean;
    /** When the store was asked, by the clock that `performance.now` reads. */
    begunAt: number;
    readAt: number;
    bytes: number;
  }>;

export type PageReader = Readonly<{
  /**
   * Reads what comes after a position: as much as makes a page, and not what other pages hold.
   *
   * @throws what the store throws, but never instead of a page of what came before
   */
  read(from: number, others: readonly Page[]): Promise<Page>;
  stop(): void;
}>;

// A page of large events ends early.
const mostBytes = 1024 * 1024;
// Who goes on where a page ended reads on in the same subscription, if that comes about soon.
const mostResting = 8;
const mostRestMs = 1_000;

type Reading = Readonly<{
  items: AsyncIterator<StoredEvent | CaughtUp>;
  begunAt: number;
  close(): void;
}>;

/**
 * Reads pages by subscriptions to the store, which it keeps open for a second in case the next page is
 * wanted.
 *
 * @param mostEvents how many events of the store are a page
 */
export const pageReader = (store: EventStore, hub: Hub, mostEvents: number): PageReader => {
  const resting = new Map<number, Reading>();
  let reading: Reading | undefined;

  const open = (from: number): Reading => {
    const begunAt = performance.now();
    const subscription = store.subscribe(from === 0 ? 'start' : from);
    const items = subscription[Symbol.asyncIterator]();
    return { items, begunAt, close: () => subscription.close() };
  };

  const takeRested = (at: number): Reading | undefined => {
    const rested = resting.get(at);
    resting.delete(at);
    return rested;
  };

  const rest = (at: number, reading: Reading) => {
    takeRested(at)?.close();
    resting.set(at, reading);
    const wake = () => {
      if (resting.get(at) === reading) takeRested(at)?.close();
    };
    setTimeout(wake, mostRestMs).unref();
    const [oldest] = resting.keys();
    if (resting.size > mostResting && oldest !== undefined) takeRested(oldest)?.close();
  };

  const isToldByHub = (position: number): boolean =>
    hub.window.covers(position) && position <= hub.position();

  const read = async (from: number, others: readonly Page[]): Promise<Page> => {
    const current = takeRested(from) ?? open(from);
    reading = current;
    const next = Math.min(...others.map((page) => page.from).filter((start) => start > from));
    const events: FeedEvent[] = [];
    let [to, count, bytes] = [from, 0, 0];
    let isEnd = false;
    let isOver = false;
    try {
      do {
        const { value, done } = await current.items.next();
        if (done) throw new StoreUnavailable('the feed has stopped');
        count += 1;
        isEnd = !('position' in value);
        // Between the last event and where the hub began there are only events of the store's own.
        to = 'position' in value ? value.position : Math.max(to, hub.start);
        const event = 'position' in value ? feedEvent(value) : undefined;
        if (event) events.push(event);
        bytes += event?.json.length ?? 0;
        isOver = isEnd || isToldByHub(to);
      } while (!isOver && count < mostEvents && bytes < mostBytes && to < next);
    } catch (error) {
      isOver = true;
      if (to === from) throw error;
    } finally {
      if (isOver) current.close();
      else rest(to, current);
      reading = undefined;
    }
    return {
      from,
      to,
      isEnd,
      bytes,
      begunAt: current.begunAt,
      readAt: performance.now(),
      covers: (position) => position >= from && position < to,
      next: (position) => firstAfter(events, position),
    };
  };

  return {
    read,
    stop: () => {
      reading?.close();
      for (const rested of resting.values()) rested.close();
    },
  };
};

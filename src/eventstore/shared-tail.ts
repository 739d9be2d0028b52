import {
  type CaughtUp,
  type EventStore,
  type StoredEvent,
  StoreUnavailable,
  type Subscription,
} from './event-store.js';
import { type RecentEvents, recentEvents, type TailLimits } from './recent-events.js';

const caughtUp: CaughtUp = { type: 'caughtUp' };

const defaults: TailLimits = { events: 2_048, bytes: 8 * 1024 * 1024 };

/**
 * The same store, with a shared subscription for everyone in this process who follows the end of $all:
 * each new event is received and decoded once, however many follow. A follower who is behind, because
 * it begins in the past or is slow, reads by a subscription of its own until it is near the end, so
 * that nobody holds up the others.
 */
export const sharingTail = (store: EventStore, limits: TailLimits = defaults): EventStore => {
  let tail: Tail | undefined;
  let followers = 0;

  const joined = (): void => {
    followers += 1;
    tail ??= new Tail(store, limits, (ended) => {
      if (tail === ended) tail = undefined;
    });
  };
  const left = (): void => {
    followers -= 1;
    if (followers === 0) tail?.close();
  };

  const subscribe: EventStore['subscribe'] = (after) => {
    if (after === 'end') return store.subscribe(after);
    let own: Subscription | undefined;
    let following: Tail | undefined;
    let isClosed = false;
    joined();
    const close = (): void => {
      if (isClosed) return;
      isClosed = true;
      own?.close();
      following?.wake();
      left();
    };

    async function* items(): AsyncGenerator<StoredEvent | CaughtUp> {
      let last = after === 'start' ? -1 : Number(after);
      let isTold = false;
      try {
        while (!isClosed) {
          if (!tail?.covers(last)) {
            own = store.subscribe(last < 0 ? 'start' : last);
            for await (const item of own) {
              yield item;
              if ('position' in item) last = item.position;
              else isTold = true;
              if (isClosed || tail?.covers(last)) break;
            }
            own.close();
          }
          following = tail;
          if (isClosed || !following) continue;
          for await (const item of following.after(last, () => isClosed, isTold)) {
            if ('position' in item) last = item.position;
            else isTold = true;
            yield item;
          }
        }
      } finally {
        close();
      }
    }
    return { [Symbol.asyncIterator]: items, close };
  };
  return { ...store, subscribe };
};

/** The newest events, for as long as the connection lasts that brings them. */
class Tail {
  readonly #store: EventStore;
  #recent: RecentEvents | undefined;
  #opened: Subscription | undefined;
  #failure: unknown;
  #isOver = false;
  #waiting: (() => void)[] = [];

  /** @param ended called when nothing more comes */
  constructor(
    store: EventStore,
    limits: TailLimits,
    readonly ended: (tail: Tail) => void,
  ) {
    this.#store = store;
    this.#run(limits).catch((error: unknown) => {
      this.#failure = error;
      this.close();
    });
  }

  async #run(limits: TailLimits): Promise<void> {
    const start = await this.#store.head();
    if (this.#isOver) return;
    const opened = this.#store.subscribe(start);
    const recent = recentEvents(start, limits);
    this.#opened = opened;
    this.#recent = recent;
    for await (const item of opened) {
      if (!('position' in item)) continue;
      recent.add(item);
      this.wake();
    }
    if (!this.#isOver) throw new StoreUnavailable('the subscription ended');
  }

  covers(position: number): boolean {
    return !this.#isOver && (this.#recent?.covers(position) ?? false);
  }

  /** Has those who wait look again. */
  wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) each();
  }

  /**
   * The events after a position that is covered, until the reader leaves or is so late that what comes
   * next is here no longer.
   *
   * @param isTold whether the reader was told before that it had caught up
   * @throws StoreUnavailable when the connection is lost
   */
  async *after(
    position: number,
    hasLeft: () => boolean,
    isTold: boolean,
  ): AsyncGenerator<StoredEvent | CaughtUp> {
    const recent = this.#recent;
    if (!recent) return;
    let last = position;
    let place = recent.placeAfter(position);
    // What the store has by now may still be on its way here.
    const head = isTold ? undefined : await this.#store.head();
    let isToTell = !isTold;
    while (!hasLeft()) {
      const event = recent.at(place);
      if (event) {
        place += 1;
        // One who comes from a subscription of their own may be ahead.
        if (event.position <= last) continue;
        last = event.position;
        yield event;
        continue;
      }
      if (!recent.covers(last)) return;
      if (this.#isOver) throw this.#failure ?? new StoreUnavailable('the subscription ended');
      if (isToTell && recent.newest() >= (head ?? 0)) {
        isToTell = false;
        yield caughtUp;
        continue;
      }
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
      // What was to come may have gone by meanwhile, where it was not wanted.
      if (!recent.at(place)) place = recent.placeAfter(last);
    }
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#opened?.close();
    this.ended(this);
    this.wake();
  }
}

import {
  type CaughtUp,
  type EventStore,
  type StoredEvent,
  StoreUnavailable,
  type Subscription,
} from './event-store.js';
import { recentEvents, type TailLimits } from './recent-events.js';

export type { TailLimits } from './recent-events.js';

/** The newest events, as long as the connection lasts that brings them. */
type Tail = Readonly<{
  recent: ReturnType<typeof recentEvents>;
  /** Resolves when something has come, or when it is over. */
  changed(): Promise<void>;
  /** Why nothing more comes, once it is so. */
  failure(): unknown;
}>;

const caughtUp: CaughtUp = { type: 'caughtUp' };

const defaults: TailLimits = { events: 2_048, bytes: 8 * 1024 * 1024 };

/**
 * The same store, of which the newest events are received once for all of this process who follow it,
 * however many they are. Who is behind, because they begin in the past or take their time, reads by a
 * subscription of their own until they are near the end: nobody holds up the others.
 */
export const sharingTail = (store: EventStore, limits: TailLimits = defaults): EventStore => {
  let tail: Tail | undefined;
  let followers = 0;
  let leave = () => {};

  const begin = (): void => {
    let isOver = false;
    let opened: Subscription | undefined;
    let wake: (() => void)[] = [];
    const told = () => {
      const waiting = wake;
      wake = [];
      for (const each of waiting) each();
    };
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      tail = undefined;
      opened?.close();
      told();
    };
    leave = end;

    const run = async (): Promise<void> => {
      const start = await store.head();
      if (isOver) return;
      const recent = recentEvents(start, limits);
      let failure: unknown;
      opened = store.subscribe(start);
      tail = {
        recent,
        changed: () => new Promise((resolve) => wake.push(resolve)),
        failure: () => failure,
      };
      try {
        for await (const item of opened) {
          if (!('position' in item)) continue;
          recent.add(item);
          told();
        }
        failure = new StoreUnavailable('the subscription ended');
      } catch (error) {
        failure = error;
      }
    };
    // Without it everyone has a subscription of their own, which meets the same failure.
    void run()
      .catch(() => {})
      .finally(() => {
        end();
        isBegun = false;
      });
  };

  return { ...store, subscribe };
};

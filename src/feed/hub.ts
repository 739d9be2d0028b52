import type { Logger } from 'pino';
import { concatMap, defer, Observable, retry, Subject, tap, timer } from 'rxjs';
import {
  type CaughtUp,
  type EventStore,
  type StoredEvent,
  StoreUnavailable,
} from '../eventstore/event-store.js';
import { audience, type IsShown } from './audience.js';
import { type Backoff, backoff } from './backoff.js';
import { type EventWindow, eventWindow, type WindowLimits } from './event-window.js';
import { feedEvent } from './feed-event.js';
import type { Wanted } from './filter.js';
import { type Listener, telling } from './telling.js';

/** What happens in the store, told once to everyone in this process who wants to know. */
export type Hub = Readonly<{
  /**
   * Tells a listener the events from now on that it is found for, in order, and possibly some of those up to
   * here that are still being told. @param make given what says which of them it wants: all when undefined. @returns ends it
   */
  join(wanted: Wanted, make: (isShown: IsShown | undefined) => Listener): () => void;
  /**
   * Has the events from now on kept in the window: for as long as somebody attends, and a little longer for
   * those who come back. For nobody, events are not put into words. @returns ends it, safe to call twice
   */
  attend(): () => void;
  /** Everything from now on as the store has it, also what nobody is shown. */
  stored: Observable<StoredEvent>;
  /** The newest of them, as far as they were kept. */
  window: EventWindow;
  /** Where the hub began: the position of the newest event there was. */
  start: number;
  /** Every event up to here is in the window, or was, or is for nobody. */
  position(): number;
}>;

export type HubOptions = Readonly<{
  window: WindowLimits;
  /** For how long events are kept after the last of those who attended left, in milliseconds. */
  lingerMs: number;
  retry: Backoff;
}>;

/** A hub, available once the store was first reached, and the way to end it. */
export type RunningHub = Readonly<{ opened: Promise<Hub>; stop(): void }>;

type State = { readonly start: number; readonly window: EventWindow; position: number };

/**
 * Follows the whole store with one subscription, for as long as the process lives: a connection
 * that is lost is made again from the last position told.
 */
export const startHub = (store: EventStore, log: Logger, options: HubOptions): RunningHub => {
  const listeners = audience<Listener>();
  const tellListeners = telling(listeners);
  const stored = new Subject<StoredEvent>();
  let state: State | undefined;
  const attendance = attendanceFor(options.lingerMs);
  let open: (hub: Hub) => void = () => undefined;
  const opened = new Promise<Hub>((resolve) => {
    open = resolve;
  });

  const begin = async (): Promise<State> => {
    if (state) return state;
    const start = await store.head();
    const begun: State = { start, window: eventWindow(start, options.window), position: start };
    state = begun;
    const { add: join } = listeners;
    const { window } = begun;
    const { attend } = attendance;
    open({ join, attend, stored, window, start, position: () => begun.position });
    return begun;
  };

  const tell = (state: State, item: StoredEvent | CaughtUp) => {
    if (!('position' in item)) return;
    state.position = item.position;
    stored.next(item);
    if (!attendance.isThere()) {
      state.window.passOver(item.position);
      return;
    }
    const event = feedEvent(item);
    if (!event) return;
    state.window.add(event);
    tellListeners(event);
  };

  const following = defer(begin)
    .pipe(
      concatMap((begun) =>
        eventsAfter(store, begun.position).pipe(tap((item) => tell(begun, item))),
      ),
      retry({
        resetOnSuccess: true,
        delay: (err: unknown, failures) => {
          const retryMs = backoff(failures, options.retry);
          const { position } = state ?? {};
          const level = err instanceof StoreUnavailable ? 'warn' : 'error';
          log[level](
            { err, position, failures, retryMs },
            'the feed cannot follow the event store',
          );
          return timer(retryMs);
        },
      }),
    )
    .subscribe();

  return {
    opened,
    stop: () => following.unsubscribe(),
  };
};

/** Whether anybody attends, or did a moment ago. */
const attendanceFor = (lingerMs: number) => {
  let attending = 0;
  let leftAt = Number.NEGATIVE_INFINITY;
  return {
    attend: () => {
      let isOver = false;
      attending += 1;
      return () => {
        if (isOver) return;
        isOver = true;
        attending -= 1;
        leftAt = performance.now();
      };
    },
    isThere: () => attending > 0 || performance.now() - leftAt < lingerMs,
  };
};

const eventsAfter = (store: EventStore, after: number): Observable<StoredEvent | CaughtUp> =>
  new Observable((subscriber) => {
    const subscription = store.subscribe(after);
    const pump = async () => {
      try {
        for await (const item of subscription) subscriber.next(item);
        subscriber.complete();
      } catch (error) {
        subscriber.error(error);
      }
    };
    void pump();
    return () => subscription.close();
  });

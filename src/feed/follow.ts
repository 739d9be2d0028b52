import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import type { Caller } from '../commands/request.js';
import { type EventStore, StoreUnavailable } from '../eventstore/event-store.js';
import { type Backoff, backoff } from './backoff.js';
import type { Consumer } from './consumer.js';
import { feedEvent, labelOf } from './feed-event.js';
import { type Filter, type Start, shownTo } from './filter.js';
import type { Hub } from './hub.js';
import { within } from './pace.js';
import type { Turns } from './turns.js';

/** What a consumer asks for. */
export type FeedRequest = Readonly<{ caller: Caller; filter: Filter; from: Start }>;

/** Where its events come from: the store for those long past, the hub for the others. */
export type Sources = Readonly<{
  store: EventStore;
  hub: Promise<Hub>;
  /** {@link EventStore.head}, possibly shared with others who ask at the same time. */
  head(): Promise<number>;
  retry: Backoff;
  /** To read the store. */
  turns: Turns;
  /** How long to wait for a consumer to have room before another one may read the store, in milliseconds. */
  patienceMs: number;
}>;

// An error that is not the store's absence and comes back this often is here to stay.
const MOST_FAILURES = 5;
// How many events of the window one consumer may look through while everybody else waits.
const EVENTS_A_TURN = 64;
// How many events one consumer may read of the store while others wait to.
const EVENTS_A_READ = 5_000;

/**
 * Tells a consumer each event it asked for, once and in order. What is older than the hub's window
 * it reads from the store with a subscription of its own, as fast as the consumer has room; then it
 * joins the others at the hub.
 *
 * @returns ends it
 */
export const follow = (
  { store, hub: opening, head, retry, turns, patienceMs }: Sources,
  { caller, filter, from }: FeedRequest,
  consumer: Consumer,
): (() => void) => {
  const isShown = shownTo(caller, filter);
  let isStopped = false;
  let release: () => void = () => undefined;
  /** Every event up to here has been told, or is not to be shown. */
  let position = 0;

  /** A consumer that is stopped while it has no room leaves this waiting for good, held by nobody. */
  const room = async (): Promise<void> => {
    for (let full = consumer.room(); full && !isStopped; full = consumer.room()) await full;
  };

  /** To be called in the same turn in which the window was found to hold nothing more. */
  const join = (hub: Hub): void => {
    const live = hub.events.subscribe((event) => {
      if (event.position > position && isShown(event)) consumer.event(event);
    });
    release = () => live.unsubscribe();
    consumer.caughtUp(Math.max(position, hub.position()));
  };

  /** Tells what the window holds. @returns whether that led up to `target`, and to the hub */
  const joinThroughWindow = async (hub: Hub, target: number): Promise<boolean> => {
    for (let count = 1; ; count++) {
      if (count % EVENTS_A_TURN === 0) await nextTurn();
      await room();
      if (isStopped || !hub.window.covers(position)) return false;
      const event = hub.window.next(position);
      if (event) {
        position = event.position;
        if (isShown(event)) consumer.event(event);
      } else {
        const isThere = Math.max(position, hub.position()) >= target;
        if (isThere) join(hub);
        return isThere;
      }
    }
  };

  /**
   * Tells what the store holds. A connection to the store carries a limited number of subscriptions:
   * who has no room for long, or has read for long while others wait, has to make way and come again.
   *
   * @returns whether that was all, or the hub can go on after `target`
   */
  const readStore = async (hub: Hub, target: number): Promise<boolean> => {
    const endTurn = await turns.take();
    release = endTurn;
    try {
      if (isStopped) return false;
      const subscription = store.subscribe(position === 0 ? 'start' : position);
      release = () => {
        endTurn();
        subscription.close();
      };
      let read = 0;
      for await (const item of subscription) {
        if (isStopped) return false;
        if (!('position' in item)) {
          // Between the last event and where the hub began there are only events of the store's own.
          position = Math.max(position, hub.start);
          return true;
        }
        const label = labelOf(item);
        if (isShown(label)) {
          if (consumer.room() && !(await within(patienceMs, room()))) return false;
          if (isStopped) return false;
          consumer.event(feedEvent(item, label));
        }
        position = item.position;
        const isToldByHub = hub.window.covers(position) && position <= hub.position();
        if (isToldByHub && position >= target) return true;
        read += 1;
        if (read >= EVENTS_A_READ && turns.areWanted()) return false;
      }
      return false;
    } finally {
      release();
      release = () => undefined;
    }
  };

  const catchUp = async (hub: Hub): Promise<void> => {
    let target = await head();
    while (!isStopped && !(await joinThroughWindow(hub, target))) {
      await room();
      if (!isStopped && (await readStore(hub, target))) target = 0;
    }
  };

  /** What the store holds by now is past, whether the hub has heard of it or not. */
  const beginNow = async (hub: Hub): Promise<void> => {
    const newest = await head();
    if (isStopped) return;
    position = Math.max(newest, hub.position());
    consumer.started();
    join(hub);
  };

  const run = async (): Promise<void> => {
    const hub = await opening;
    if (isStopped) return;
    if (from !== 'now') {
      position = from === 'start' ? 0 : from;
      consumer.started();
    }
    for (let failures = 0; !isStopped; ) {
      const before = position;
      try {
        return await (from === 'now' ? beginNow(hub) : catchUp(hub));
      } catch (error) {
        failures = position > before ? 1 : failures + 1;
        if (isStopped) return;
        if (!(error instanceof StoreUnavailable) && failures >= MOST_FAILURES)
          return consumer.failed(error);
        await wait(backoff(failures, retry), undefined, { ref: false });
      }
    }
  };

  void run();
  return () => {
    isStopped = true;
    release();
    release = () => undefined;
  };
};

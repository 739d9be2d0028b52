import { setTimeout as wait } from 'node:timers/promises';
import type { Caller } from '../commands/request.js';
import { StoreUnavailable } from '../eventstore/event-store.js';
import type { IsShown } from './audience.js';
import { type Backoff, backoff } from './backoff.js';
import type { Consumer } from './consumer.js';
import type { Stretch } from './event-window.js';
import type { FairWork } from './fair-work.js';
import type { FeedEvent } from './feed-event.js';
import { type Filter, type Start, showing, wantedBy } from './filter.js';
import type { Hub } from './hub.js';
import type { Past } from './past.js';
import type { Listener } from './telling.js';

/** What a consumer asks for. */
export type FeedRequest = Readonly<{ caller: Caller; filter: Filter; from: Start }>;

/** Where its events come from: the hub for those it remembers, and the past for those before. */
export type Sources = Readonly<{
  opened: Promise<Readonly<{ hub: Hub; past: Past }>>;
  /** Position of the newest event in the store, possibly found out once for several who ask at a time. */
  head(): Promise<number>;
  retry: Backoff;
  /** In which those who catch up take turns, and what happens now comes between. */
  fair: FairWork;
}>;

// An error that is not the store's absence and comes back this often is here to stay.
const mostFailures = 5;
// How many events one consumer looks through in one piece of work.
const eventsATurn = 64;

/**
 * Tells a consumer each event it asked for, once and in order: what is older than the hub's window
 * from pages of the past, as fast as the consumer has room; then it joins the others at the hub.
 *
 * @param onFailed called before the consumer is told that it failed
 * @returns ends it
 */
export const follow = (
  { opened, head, retry, fair }: Sources,
  { caller, filter, from }: FeedRequest,
  consumer: Consumer,
  onFailed: () => void,
): (() => void) => {
  const wanted = wantedBy(caller, filter);
  const isShown = showing(wanted);
  let isStopped = false;
  let leave: () => void = () => undefined;
  let dismiss: () => void = () => undefined;
  /** Every event up to here has been told, or is not to be shown. */
  let position = 0;

  /** A consumer that is stopped while it has no room leaves this waiting for good, held by nobody. */
  const room = async (): Promise<void> => {
    for (let full = consumer.room(); full && !isStopped; full = consumer.room()) await full;
  };

  /** To be called in the same turn in which the window was found to hold nothing more. */
  const join = (hub: Hub): void => {
    leave = hub.join(wanted, (isShown) => new Follower(consumer, position, isShown));
    consumer.caughtUp(Math.max(position, hub.position()));
  };

  /** Tells a few events of a stretch. @returns whether there was no more; undefined when there may be */
  const tellSome = (stretch: Stretch): boolean | undefined => {
    for (let count = 0; count < eventsATurn; count++) {
      if (isStopped || !stretch.covers(position)) return false;
      const event = stretch.next(position);
      if (!event) return true;
      if (isShown(event)) {
        if (consumer.room() !== undefined) return undefined;
        consumer.event(event, false);
      }
      position = event.position;
    }
    return undefined;
  };

  /** @param atEnd done in the same turn in which there was no more to tell */
  const tell = async (stretch: Stretch, atEnd: () => void): Promise<void> => {
    for (let isTold: boolean | undefined; isTold === undefined; ) {
      await room();
      isTold = await fair.run(() => {
        const isAll = tellSome(stretch);
        if (isAll) atEnd();
        return isAll;
      });
    }
  };

  const catchUp = async (hub: Hub, past: Past): Promise<void> => {
    let target = await head();
    const askedAt = performance.now();
    let hasJoined = false;
    while (!isStopped) {
      await tell(hub.window, () => {
        hasJoined = Math.max(position, hub.position()) >= target;
        if (hasJoined) join(hub);
      });
      if (hasJoined || isStopped) return;
      // Nothing is read for a consumer that would not take it.
      await room();
      const page = await past.after(position, () => !isStopped);
      await tell(page, () => {
        position = Math.max(position, page.to);
        if (page.isEnd && page.begunAt > askedAt) target = 0;
      });
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
    const { hub, past } = await opened;
    if (isStopped) return;
    // From here on, so that what happens while it catches up need not be read as well.
    dismiss = hub.attend();
    if (from !== 'now') {
      position = from === 'start' ? 0 : from;
      consumer.started();
    }
    for (let failures = 0; !isStopped; ) {
      const before = position;
      try {
        return await (from === 'now' ? beginNow(hub) : catchUp(hub, past));
      } catch (error) {
        failures = position > before ? 1 : failures + 1;
        if (isStopped) return;
        if (!(error instanceof StoreUnavailable) && failures >= mostFailures) {
          dismiss();
          onFailed();
          return consumer.failed(error);
        }
        await wait(backoff(failures, retry), undefined, { ref: false });
      }
    }
  };

  void run();
  return () => {
    isStopped = true;
    leave();
    dismiss();
  };
};

/** Has a consumer told what happens after a position and is for it. There are thousands: hence fields, and no functions of its own. */
class Follower implements Listener {
  readonly #consumer: Consumer;
  readonly #after: number;
  readonly #isShown: IsShown | undefined;

  constructor(consumer: Consumer, after: number, isShown: IsShown | undefined) {
    this.#consumer = consumer;
    this.#after = after;
    this.#isShown = isShown;
  }

  tell(events: readonly FeedEvent[], isAll: boolean): void {
    const shown = this.#isShown ? events.filter(this.#isShown) : events;
    const last = shown.at(-1);
    for (const event of shown)
      if (event.position > this.#after) this.#consumer.event(event, isAll && event === last);
  }
}

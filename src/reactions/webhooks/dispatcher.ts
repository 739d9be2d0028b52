import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { v7 } from 'uuid';
import type { Clock } from '../../projecting/clock.js';
import { isUnavailable } from '../../projecting/unavailable.js';
import type { WebhookDeliveries } from '../../queries/webhook-deliveries.js';
import type { DeliveryDocument } from '../../queries/webhook-delivery.js';
import { type Circuits, isCircuitOpen } from './circuits.js';
import type { Deliver } from './deliver.js';

export type DispatcherOptions = Readonly<{
  deliveries: WebhookDeliveries;
  deliver: Deliver;
  circuits: Circuits;
  clock: Clock;
  log: Logger;
  /** How long an attempt may take before its delivery may be taken by someone else, in milliseconds. */
  lockMs: number;
}>;

export type Dispatcher = Readonly<{
  /** Says that something may be due. */
  wake(): void;
  /** Begins no more attempts, and gives back what is not finished within 5 s. */
  stop(): Promise<void>;
}>;

/** How many attempts are under way at a time on this node. */
const concurrency = 64;
/** And how many of them with one webhook. */
const perWebhook = 8;
/** How long at most until what other nodes left behind is looked for. */
const idleMs = 5_000;
/** How long from one look at what is due to the next at least: what happens meanwhile is looked at together. */
const betweenRoundsMs = 10;
const graceMs = 5_000;
const afterOutageMs = 1_000;
/** What failed for no reason that passes by itself is not tried over and over. */
const afterFaultMs = 60_000;

/** Starts to make the deliveries that are due. Other nodes do the same: each delivery is made by one at a time. */
export const startDispatcher = (options: DispatcherOptions): Dispatcher => {
  const { deliveries, deliver, circuits, clock, log, lockMs } = options;
  const stopping = new AbortController();
  const cuttingOff = new AbortController();
  // Every attempt listens to it, and stops doing so.
  setMaxListeners(0, cuttingOff.signal);
  const underWay = new Set<Promise<void>>();
  const counts = new Map<string, number>();
  const resting = new Set<string>();
  let isAwake = true;
  let rouse: () => void = () => undefined;

  const wake = (): void => {
    isAwake = true;
    rouse();
  };

  /** How many more attempts may be made with a webhook now. A circuit that may close again is tried by one. */
  const roomFor = (webhookId: string): number => {
    const count = counts.get(webhookId) ?? 0;
    const openUntil = circuits.of(webhookId).openUntil();
    if (openUntil === undefined) return perWebhook - count;
    return openUntil <= Date.now() && count === 0 ? 1 : 0;
  };

  /** Those that nothing can be sent to now: at their limit, or left alone. */
  const unavailable = (): readonly string[] => {
    for (const webhookId of resting) if (roomFor(webhookId) > 0) resting.delete(webhookId);
    return [...resting];
  };

  const attempt = async (delivery: DeliveryDocument, lock: string): Promise<void> => {
    try {
      await deliver(delivery, lock, cuttingOff.signal);
    } catch (error) {
      const dueAt = clock.now() + waitAfter(delivery, error);
      // Should this fail too, it comes back when its time is over.
      await deliveries.release(delivery._id, lock, dueAt).catch(() => {});
    }
  };

  /** How long a delivery waits whose attempt was not made. */
  const waitAfter = ({ _id, webhookId }: DeliveryDocument, error: unknown): number => {
    if (cuttingOff.signal.aborted) return 0;
    if (isCircuitOpen(error))
      return Math.max(0, (circuits.of(webhookId).openUntil() ?? 0) - Date.now());
    const isOutage = isUnavailable(error);
    log[isOutage ? 'warn' : 'error']({ err: error, delivery: _id }, 'a delivery was put off');
    return isOutage ? afterOutageMs : afterFaultMs;
  };

  const begin = (delivery: DeliveryDocument, lock: string): void => {
    const { webhookId } = delivery;
    counts.set(webhookId, (counts.get(webhookId) ?? 0) + 1);
    const work = attempt(delivery, lock).finally(() => {
      underWay.delete(work);
      const left = (counts.get(webhookId) ?? 1) - 1;
      if (left > 0) counts.set(webhookId, left);
      else counts.delete(webhookId);
      if (circuits.of(webhookId).openUntil() !== undefined) resting.add(webhookId);
      wake();
    });
    underWay.add(work);
  };

  /** Begins what is due. @returns how long until there may be more, in milliseconds */
  const round = async (): Promise<number> => {
    const free = concurrency - underWay.size;
    if (free <= 0) return idleMs;
    const now = clock.now();
    const found = await deliveries.next(now + idleMs, unavailable(), free);
    const due = found.filter(({ dueAt }) => (dueAt ?? 0) <= now);
    const wanted = due.filter(ofThoseWithRoom());
    if (stopping.signal.aborted) return 0;
    const lock = v7();
    for (const delivery of await deliveries.claim(wanted, lock, clock.now() + lockMs))
      begin(delivery, lock);
    // Whether they are begun here or were by someone else, there may be more behind them.
    if (due.length > 0) return 0;
    return Math.min(idleMs, (found[0]?.dueAt ?? Infinity) - now, untilOneCloses());
  };

  /** Passes as many deliveries of each webhook as attempts may be made now; the others are left alone for a while. */
  const ofThoseWithRoom = () => {
    const passed = new Map<string, number>();
    return ({ webhookId }: DeliveryDocument): boolean => {
      const count = passed.get(webhookId) ?? 0;
      if (count < roomFor(webhookId)) {
        passed.set(webhookId, count + 1);
        return true;
      }
      resting.add(webhookId);
      return false;
    };
  };

  const untilOneCloses = (): number => {
    const waits = [...resting].flatMap((webhookId) => {
      const openUntil = circuits.of(webhookId).openUntil();
      // One that is being tried wakes this up itself.
      return openUntil === undefined || counts.has(webhookId) ? [] : openUntil - Date.now();
    });
    return Math.max(0, Math.min(idleMs, ...waits));
  };

  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      rouse = () => {
        clearTimeout(timer);
        resolve();
      };
      if (isAwake) rouse();
    });

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      isAwake = false;
      const again = delay(betweenRoundsMs);
      const waitMs = await round().catch((error: unknown) => {
        log.warn({ err: error }, 'deliveries to webhooks cannot be looked up');
        return afterOutageMs;
      });
      await Promise.all([sleep(waitMs), again]);
    }
  };

  const running = run();
  return {
    wake,
    stop: async () => {
      stopping.abort();
      wake();
      await running;
      await Promise.race([
        Promise.all(underWay),
        delay(graceMs, undefined, { signal: cuttingOff.signal }).catch(() => {}),
      ]);
      cuttingOff.abort();
      await Promise.all(underWay);
    },
  };
};

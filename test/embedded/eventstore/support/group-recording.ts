import type {
  PersistentSubscriptionToAll,
  PersistentSubscriptionToStream,
  ResolvedEvent,
} from '@eventstore/db-client';

const limitMs = 30_000;

type Subscription = PersistentSubscriptionToStream | PersistentSubscriptionToAll;
export type Delivery = Readonly<{ n: unknown; retryCount: number; resolved: ResolvedEvent }>;

/** A consumer of a group: what it was delivered, and ways to wait for more. */
export class GroupRecording {
  readonly deliveries: Delivery[] = [];
  error: unknown;
  isConfirmed = false;
  readonly #waiting = new Set<() => void>();

  /** @param answer called for each delivery; acknowledges by default */
  constructor(
    readonly subscription: Subscription,
    answer: (delivery: Delivery, subscription: Subscription) => unknown = ({ resolved }) =>
      subscription.ack(resolved),
  ) {
    const check = () => {
      for (const waiting of this.#waiting) waiting();
    };
    subscription.on('confirmation', () => {
      this.isConfirmed = true;
      check();
    });
    subscription.on('error', (error) => {
      this.error = error;
      check();
    });
    subscription.on('data', (resolved: ResolvedEvent & { retryCount: number }) => {
      const data = resolved.event?.data as { n?: unknown } | undefined;
      const delivery = { n: data?.n, retryCount: resolved.retryCount, resolved };
      this.deliveries.push(delivery);
      answer(delivery, subscription);
      check();
    });
  }

  get numbers(): unknown[] {
    return this.deliveries.map(({ n }) => n);
  }

  async until(condition: () => boolean): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve, reject) => {
      const limit = setTimeout(
        () => reject(new Error(`not in time; delivered: ${this.numbers}; ${this.error}`)),
        limitMs,
      );
      const check = () => {
        if (!condition()) return;
        clearTimeout(limit);
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
    });
  }

  delivered(count: number): Promise<void> {
    return this.until(() => this.deliveries.length >= count);
  }

  confirmed(): Promise<void> {
    return this.until(() => this.isConfirmed);
  }

  async stop(): Promise<void> {
    await this.subscription.unsubscribe();
  }
}

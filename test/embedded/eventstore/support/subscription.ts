import type {
  AllStreamSubscription,
  ResolvedEvent,
  StreamSubscription,
} from '@eventstore/db-client';

const limitMs = 10_000;

/** What a subscription told so far, in order, and ways to wait for more. */
export class Recording {
  readonly told: string[] = [];
  readonly events: ResolvedEvent[] = [];
  error: unknown;
  readonly #subscription: StreamSubscription | AllStreamSubscription;
  readonly #waiting = new Set<() => void>();

  constructor(subscription: StreamSubscription | AllStreamSubscription) {
    this.#subscription = subscription;
    const note = (what: string) => {
      this.told.push(what);
      for (const check of this.#waiting) check();
    };
    subscription.on('confirmation', () => note('confirmation'));
    subscription.on('caughtUp', () => note('caughtUp'));
    subscription.on('error', (error) => {
      this.error = error;
      note('error');
    });
    subscription.on('data', (resolved: ResolvedEvent) => {
      this.events.push(resolved);
      const { event, link } = resolved;
      note(
        event ? `${event.revision}@${event.streamId}` : `link ${link?.revision}@${link?.streamId}`,
      );
    });
  }

  /** Settles once the condition holds; it is looked at after everything told. */
  async until(condition: (recording: this) => boolean): Promise<void> {
    if (condition(this)) return;
    await new Promise<void>((resolve, reject) => {
      const limit = setTimeout(
        () => reject(new Error(`not told in time; so far: ${this.told.slice(-20)}; ${this.error}`)),
        limitMs,
      );
      const check = () => {
        if (!condition(this)) return;
        clearTimeout(limit);
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
    });
  }

  caughtUp(): Promise<void> {
    return this.until(({ told }) => told.includes('caughtUp'));
  }

  failed(): Promise<void> {
    return this.until(({ told }) => told.includes('error'));
  }

  stop(): Promise<void> {
    return this.#subscription.unsubscribe();
  }
}

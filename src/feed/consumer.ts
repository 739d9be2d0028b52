import type { FeedEvent } from './feed-event.js';

/** Who is told what happens, over whatever connection. */
export type Consumer = Readonly<{
  /** The events are coming. Told first, and once. */
  started(): void;
  /**
   * Whether it can take an event of the past now. Events that are happening do not ask: a consumer
   * that cannot take them has to leave.
   *
   * @returns undefined when it can, else what settles once it is worth asking again; that may never be
   */
  room(): Promise<void> | undefined;
  /** @param isLast whether nothing more is about to be told: it may be sent at once */
  event(event: FeedEvent, isLast: boolean): void;
  /** Every event that was in the store when it subscribed has been told; from here on events are told as they happen. */
  caughtUp(position: number): void;
  /** The past cannot be read. Nothing more is told. */
  failed(error: unknown): void;
  /** The feed stops. Nothing more is told. */
  ended(): void;
}>;

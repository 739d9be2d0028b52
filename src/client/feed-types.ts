import type { ForklineError } from './forkline-error.js';
import type { ForklineEvent } from './stream-types.js';
import type { Position } from './types.js';

/** What to be told of: events that fit every part given. Of a part, one match is enough. */
export type FeedFilter = Readonly<{
  /** Such as `session`, the part of a stream's name before the first dash. */
  categories?: readonly string[];
  streams?: readonly string[];
  types?: readonly string[];
  /** `chat.*` stands for every topic under it. */
  topics?: readonly string[];
  /** The session, and what belongs to it. */
  sessionId?: string;
}>;

/** Where to begin: with what happens from now on, with the first event, or after a position. */
export type FeedStart = 'now' | 'start' | Position;

export type FeedOptions = Readonly<{
  /** `now` by default. */
  from?: FeedStart;
  /** Ends the subscription, as `close` does. */
  signal?: AbortSignal;
  /** Called when the connection is lost and before it is made again. */
  onReconnect?: (lost: Reconnection) => void;
}>;

export type Reconnection = Readonly<{
  /** Why the connection was lost, or could not be made again. */
  reason: ForklineError;
  /** How long until the next attempt, in milliseconds. */
  waitMs: number;
  /** The position after which events are asked for again; undefined while there was none. */
  position: Position | undefined;
}>;

/**
 * Events as they happen, each once and in order. The connection is made as soon as one subscribes;
 * events wait until they are iterated over, by one loop. A connection that is lost is made again,
 * from the last position. Leaving the loop closes the subscription.
 *
 * The loop throws ForklineError when the feed refuses the subscription or when the first
 * connection cannot be made.
 */
export type FeedSubscription = AsyncIterable<ForklineEvent> &
  Readonly<{
    /**
     * Resolves once what there was when subscribing has arrived, with the position up to which; with
     * `now` it says that from here on nothing is missed.
     *
     * @throws ForklineError when the subscription ends before
     */
    caughtUp(): Promise<Position>;
    /** Ends the loop; what has arrived and not been iterated over is dropped. */
    close(): void;
  }>;

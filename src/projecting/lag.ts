/** How far read models are behind the event store. */
export type Lag = Readonly<{
  /** Events not folded yet; null while that is not known. */
  events: number | null;
  /** How long ago the oldest event not folded yet happened; 0 when there is none, null while that is not known. */
  seconds: number | null;
}>;

/** Measures how far behind a subscription the folding of its events is. */
export type LagMeter = Readonly<{
  /** A subscription begins: there may be any number of events to come. */
  opened(): void;
  received(created: string): void;
  /** The subscription is held back until some of what was received is folded, or no longer is. */
  held(isHeld: boolean): void;
  /** Every event there was when the subscription came to the end has been received. */
  caughtUp(): void;
  /** So many of the events received are folded, the last of them created then. */
  folded(events: number, lastCreated: string): void;
  /** The subscription ended: events that come from now on are not heard of. */
  lost(): void;
  now(): Lag;
  /** For how many seconds nothing was folded although there may be something to fold; 0 while there is not. */
  stalledFor(): number;
}>;

/**
 * A meter for one subscription after another.
 *
 * @param clock milliseconds since 1970
 */
export const lagMeter = (clock: () => number = Date.now): LagMeter => {
  let isLive = false;
  let isHeld = false;
  let waiting = 0;
  // The moment up to which everything that happened is folded, as far as is known. Not used while
  // nothing waits and the subscription would tell of more: then it is now.
  let completeUntil: number | undefined;
  let movedAt = clock();
  const isComplete = () => isLive && waiting === 0;

  return {
    opened: () => {
      isLive = false;
      isHeld = false;
      waiting = 0;
    },
    received: (created) => {
      if (isComplete()) movedAt = clock();
      if (waiting === 0) completeUntil = Date.parse(created);
      waiting += 1;
    },
    held: (held) => {
      isHeld = held;
    },
    caughtUp: () => {
      isLive = true;
    },
    folded: (events, lastCreated) => {
      waiting -= events;
      movedAt = clock();
      completeUntil = Date.parse(lastCreated);
    },
    lost: () => {
      if (isComplete()) {
        completeUntil = clock();
        movedAt = clock();
      }
      isLive = false;
      waiting = 0;
    },
    stalledFor: () => (isComplete() ? 0 : (clock() - movedAt) / 1000),
    now: () => {
      if (isComplete()) return { events: 0, seconds: 0 };
      return {
        // Held back, there may be more that nobody has heard of.
        events: isLive && !isHeld ? waiting : null,
        seconds: completeUntil === undefined ? null : Math.max(0, clock() - completeUntil) / 1000,
      };
    },
  };
};

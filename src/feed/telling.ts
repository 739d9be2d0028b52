import type { Audience, Group } from './audience.js';
import type { FeedEvent } from './feed-event.js';

export type Listener = Readonly<{
  /** Tells it events that it was found for. @param isAll whether nothing else is about to be told to anyone: what was told may be sent at once */
  tell(events: readonly FeedEvent[], isAll: boolean): void;
}>;

// A process that tells thousands of something comes to everything else after so many milliseconds.
const sliceMs = 8;
// How many are told before the clock is looked at.
const betweenLooks = 16;
// What is made of so many events is remembered while they are told, see `per-event.ts`.
const mostAtOnce = 128;

/** Events in a row that the same groups are told. */
type Round = { readonly groups: readonly Group<Listener>[]; readonly events: FeedEvent[] };

/**
 * Tells listeners events in order, a little at a time so that other work comes between. Events that
 * arrive in one turn, or while others are being told, are told together: a listener is called once for
 * all those in a row that it shares with the same others.
 *
 * @returns takes another event
 */
export const telling = (audience: Audience<Listener>): ((event: FeedEvent) => void) => {
  let waiting: FeedEvent[] = [];
  let underWay: Iterator<void> | undefined;

  const next = (): Iterator<void> => {
    const events = waiting.slice(0, mostAtOnce);
    waiting = waiting.slice(mostAtOnce);
    return tellAll(roundsOf(audience, events));
  };

  const slice = () => {
    const until = performance.now() + sliceMs;
    do {
      underWay ??= next();
      if (underWay.next().done) underWay = undefined;
    } while ((underWay || waiting.length > 0) && performance.now() < until);
    if (underWay || waiting.length > 0) setImmediate(slice);
  };

  return (event) => {
    if (waiting.push(event) === 1 && !underWay) setImmediate(slice);
  };
};

const roundsOf = (audience: Audience<Listener>, events: readonly FeedEvent[]): readonly Round[] => {
  const rounds: Round[] = [];
  for (const event of events) {
    const groups = audience.found(event);
    const latest = rounds.at(-1);
    if (latest && isSame(latest.groups, groups)) latest.events.push(event);
    else if (groups.length > 0) rounds.push({ groups, events: [event] });
  }
  return rounds;
};

const isSame = (some: readonly unknown[], others: readonly unknown[]): boolean =>
  some.length === others.length && some.every((one, index) => one === others[index]);

/** Pauses now and then, so that other work can come between. Whoever leaves meanwhile is told nothing more. */
function* tellAll(rounds: readonly Round[]): Generator<void> {
  const isAll = rounds.length === 1;
  let told = 0;
  for (const { groups, events } of rounds)
    for (const group of groups)
      for (const listener of group) {
        listener.tell(events, isAll);
        told += 1;
        if (told % betweenLooks === 0) yield;
      }
}

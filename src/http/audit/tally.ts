import { type Attempt, anyOf, type Noted, sameness } from './attempt.js';

export type TallyOptions = Readonly<{
  /** How many different attempts of a sort are told apart at a time; those beyond count as one. 50 by default. */
  most?: number;
  /** How long repeats of an attempt are gathered into one, in milliseconds. 5 min by default. */
  windowMs?: number;
}>;

/** Attempts on their way to being kept. */
export type Tally = Readonly<{
  note(attempt: Attempt, now: number): void;
  /** Takes what is to be kept by now: an attempt when it is first made, its repeats when its window ends. */
  due(now: number): readonly Noted[];
  /** Takes everything. */
  rest(): readonly Noted[];
}>;

type Entry = { attempt: Attempt; count: number; firstAt: number; lastAt: number; endsAt?: number };

/**
 * Gathers attempts, so that what is kept of them stays small however many there are: with the
 * defaults 153 events in each five minutes at most, whoever tries what how often. Strangers, users and
 * administrators have room of their own, so that strangers cannot crowd out what a user tries. What
 * was deleted for good is each kept: it costs more to do than to keep.
 */
export const tally = ({ most = 50, windowMs = 300_000 }: TallyOptions = {}): Tally => {
  const sorts = new Map<string, Map<string, Entry>>();

  const entriesOf = (attempt: Attempt): Map<string, Entry> => {
    const sort =
      attempt.type === 'AccessRefused' ? `refused ${attempt.caller !== undefined}` : attempt.type;
    const known = sorts.get(sort) ?? new Map<string, Entry>();
    sorts.set(sort, known);
    return known;
  };

  const take = (entry: Entry): Noted => {
    const { attempt, count, firstAt, lastAt } = entry;
    entry.count = 0;
    return { attempt, count, firstAt, lastAt };
  };

  return {
    note: (attempt, now) => {
      const entries = entriesOf(attempt);
      const own = sameness(attempt);
      const isRoom = attempt.type === 'DeletedForGood' || entries.has(own) || entries.size < most;
      const kept = isRoom ? attempt : anyOf(attempt);
      const key = isRoom ? own : sameness(kept);
      const entry = entries.get(key);
      if (!entry) {
        entries.set(key, { attempt: kept, count: 1, firstAt: now, lastAt: now });
        return;
      }
      if (entry.count === 0) entry.firstAt = now;
      entry.count += 1;
      entry.lastAt = now;
    },
    due: (now) => {
      const taken: Noted[] = [];
      for (const entries of sorts.values())
        for (const [key, entry] of entries) {
          if (entry.endsAt !== undefined && now < entry.endsAt) continue;
          // A window in which nothing came is the end of it.
          if (entry.count === 0) entries.delete(key);
          else taken.push(take(entry));
          entry.endsAt = now + windowMs;
        }
      return taken;
    },
    rest: () =>
      [...sorts.values()].flatMap((entries) =>
        [...entries.values()].filter(({ count }) => count > 0).map(take),
      ),
  };
};

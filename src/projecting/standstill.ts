import type { ProjectionStatus } from './runner.js';

export type StandstillLimits = Readonly<{
  /** How far behind a projection may be, in seconds; 0 for any distance. */
  lagSeconds: number;
  /** For how long it may be further behind than that, or come no further while there is something to come to. */
  graceSeconds: number;
}>;

/** What is wrong with a projection: it is too far behind for too long, or does not come any further. */
export type Standstill = 'behind' | 'stuck';

type Seen = Readonly<{
  position: number;
  /** Since when it stands there although the event store has more; undefined while it has not. */
  standingSince: number | undefined;
  behindSince: number | undefined;
}>;

/**
 * Judges how projections get on, by what is seen of them now and then. It trusts no measurement of the
 * projection's own alone: a subscription that has fallen silent believes that there is nothing to do.
 */
export const standstillWatch = ({ lagSeconds, graceSeconds }: StandstillLimits) => {
  let seen: ReadonlyMap<string, Seen> = new Map();
  const isOver = (since: number | undefined, now: number): boolean =>
    since !== undefined && now - since > graceSeconds * 1000;

  const look = (
    { name, position, lagSeconds: lag }: ProjectionStatus,
    head: number | undefined,
    now: number,
  ): Seen => {
    const before = seen.get(name);
    const isBehind = lagSeconds > 0 && lag !== null && lag > lagSeconds;
    const hasMoved = before?.position !== position;
    const since = hasMoved ? undefined : before.standingSince;
    // Where the store is away nobody knows: what was true goes on.
    const isStanding = head === undefined ? since !== undefined : position < head;
    return {
      position,
      standingSince: isStanding ? (since ?? now) : undefined,
      behindSince: isBehind ? (before?.behindSince ?? now) : undefined,
    };
  };

  /**
   * @param head the position of the newest event; undefined when it is not known
   * @param now milliseconds, by a clock that does not jump
   * @returns what is wrong, by the names of projections
   */
  return (
    statuses: readonly ProjectionStatus[],
    head: number | undefined,
    now: number,
  ): ReadonlyMap<string, Standstill> => {
    seen = new Map(statuses.map((status) => [status.name, look(status, head, now)]));
    const wrong = new Map<string, Standstill>();
    for (const [name, { standingSince, behindSince }] of seen)
      if (isOver(standingSince, now)) wrong.set(name, 'stuck');
      else if (isOver(behindSince, now)) wrong.set(name, 'behind');
    return wrong;
  };
};

import { LRUCache } from 'lru-cache';
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import { growingTo } from '../growing-to.js';
import type { LimitName } from './limit-of.js';

/** Over how many seconds requests are counted: a caller may use up a window's at once. */
const windowSeconds = 10;

/** How many callers each limit remembers. Whoever was not seen for longest is forgotten first. */
const mostCallers = 50_000;

/** Where a caller stands with one limit after a request. */
export type Counted = Readonly<{
  name: LimitName;
  /** How many requests a window takes. */
  quota: number;
  remaining: number;
  /** Until the window ends. */
  resetSeconds: number;
  isOver: boolean;
}>;

/** Counts requests by limit and caller, in the memory of this node. */
export type RateLimits = Readonly<{
  /** Counts one. @returns nothing where there is no such limit */
  count(name: LimitName, who: string): Promise<Counted | undefined>;
}>;

/**
 * Limits that count over windows of {@link windowSeconds} seconds.
 *
 * @param perSecond how many requests a second each caller may make on average; 0 for any number
 */
export const rateLimits = (perSecond: Readonly<Record<LimitName, number>>): RateLimits => {
  const limiters = new Map(
    Object.entries(perSecond).map(([name, rate]) => [name, rate > 0 && limiterOf(rate)]),
  );
  return {
    count: async (name, who) => {
      const limiter = limiters.get(name);
      if (!limiter) return undefined;
      const { quota, consume } = limiter;
      const { consumedPoints, remainingPoints: remaining, msBeforeNext } = await consume(who);
      const resetSeconds = Math.max(1, Math.ceil(msBeforeNext / 1_000));
      return { name, quota, remaining, resetSeconds, isOver: consumedPoints > quota };
    },
  };
};

const limiterOf = (rate: number) => {
  const quota = Math.max(1, Math.round(rate * windowSeconds));
  const limiter = new RateLimiterMemory({ points: quota, duration: windowSeconds });
  // The limiter itself would remember any number of callers until their windows end.
  const known = new LRUCache<string, true>({
    ...growingTo(mostCallers),
    dispose: (_, who) => void limiter.delete(who),
  });
  return {
    quota,
    consume: (who: string): Promise<RateLimiterRes> => {
      known.set(who, true);
      return limiter.consume(who).catch((over: RateLimiterRes) => over);
    },
  };
};

/**
 * Tells a caller where it stands, in the three fields that most clients know and in the two that took
 * their place (draft-ietf-httpapi-ratelimit-headers, versions 6 and 11).
 */
export const rateLimitHeaders = ({
  name,
  quota,
  remaining,
  resetSeconds,
  isOver,
}: Counted): Readonly<Record<string, string>> => ({
  'RateLimit-Limit': `${quota}`,
  'RateLimit-Remaining': `${remaining}`,
  'RateLimit-Reset': `${resetSeconds}`,
  'RateLimit-Policy': `"${name}";q=${quota};w=${windowSeconds}`,
  RateLimit: `"${name}";r=${remaining};t=${resetSeconds}`,
  ...(isOver && { 'Retry-After': `${resetSeconds}` }),
});

/** What whoever made too many requests is told, in words. */
export const tooMany = ({ name, quota, resetSeconds }: Counted): string =>
  `${quota} requests in ${windowSeconds} s are the most that count as ${name}; come back in ${resetSeconds} s`;

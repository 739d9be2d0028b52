import type { RateLimits } from '../http/rate-limits.js';
import type { Instruments } from './instruments.js';

/** The same limits, with what they refuse counted. */
export const measuredLimits = (
  limits: RateLimits,
  { rateLimited }: Pick<Instruments, 'rateLimited'>,
): RateLimits => ({
  count: (name, who) =>
    limits.count(name, who).then((counted) => {
      if (counted?.isOver) rateLimited.inc({ limit: name });
      return counted;
    }),
});

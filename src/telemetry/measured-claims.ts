import type { Claims } from '../claiming/claims.js';
import type { Instruments } from './instruments.js';

/** The same claims, with what they hand out counted. */
export const measuredClaims = (
  claims: Claims,
  { claims: asked, claimedTasks }: Instruments,
): Claims => ({
  ...claims,
  claim: async (wanted, request) => {
    let outcome = 'failed';
    try {
      const tasks = await claims.claim(wanted, request);
      outcome = tasks.length > 0 ? 'served' : 'empty';
      claimedTasks.inc(tasks.length);
      return tasks;
    } finally {
      asked.inc({ outcome });
    }
  },
});

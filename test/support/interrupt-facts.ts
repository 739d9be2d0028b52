import type { InterruptEvent } from '../../src/domain/interrupt.js';

type Raised = Extract<InterruptEvent, { type: 'InterruptRaised' }>;

export const deadline = '2026-01-01T01:00:00.000Z';

/** A question of Ann's agent whether to deploy, to be answered within the hour. */
export const raised: Raised = {
  type: 'InterruptRaised',
  data: {
    ...{ kind: 'confirmation', requestId: 'r-1', userId: 'ann', sessionId: 's-1' },
    ...{ question: 'Deploy?', responses: ['approved'], requiresResponse: true },
    ...{ topic: 'interrupt.confirmation_needed', ttlSeconds: 3_600, expiresAt: deadline },
  },
};

/** One that waits for as long as it takes. */
export const raisedForEver: Raised = (() => {
  const { ttlSeconds, expiresAt, ...data } = raised.data;
  return { ...raised, data };
})();

export const resolved: InterruptEvent = {
  type: 'InterruptResolved',
  data: { response: { approved: true }, respondedBy: 'ann' },
};

export const cancelled: InterruptEvent = {
  type: 'InterruptCancelled',
  data: { reason: 'not needed' },
};

export const expired: InterruptEvent = { type: 'InterruptExpired', data: {} };

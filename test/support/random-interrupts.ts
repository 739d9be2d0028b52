import fc from 'fast-check';
import {
  type InterruptCommand,
  interruptKinds,
  responseFields,
} from '../../src/domain/interrupt.js';
import { jsonObjects } from './json.js';

// Random commands over few values and few moments, so that they meet each other often.

const moment = fc.constantFrom(
  ...[1, 2, 3, 4, 5].map((second) => `2026-01-01T00:00:0${second}.000Z`),
);

const raise: fc.Arbitrary<InterruptCommand> = fc.record(
  {
    type: fc.constant('RaiseInterrupt'),
    kind: fc.constantFrom(...interruptKinds),
    requestId: fc.constant('r-1'),
    userId: fc.constant('ann'),
    sessionId: fc.constant('s-1'),
    question: fc.constantFrom('Deploy?', 'Roll back?'),
    data: jsonObjects,
    responses: fc.subarray([...responseFields]),
    requiresResponse: fc.boolean(),
    topic: fc.constant('interrupt.checkpoint'),
    ttlSeconds: fc.constant(1),
    expiresAt: moment,
  },
  {
    requiredKeys: [
      ...(['type', 'kind', 'requestId', 'userId', 'sessionId'] as const),
      ...(['responses', 'requiresResponse', 'topic'] as const),
    ],
  },
);

const respond: fc.Arbitrary<InterruptCommand> = fc.record({
  type: fc.constant('RespondToInterrupt'),
  response: fc.record(
    {
      text: fc.constantFrom('yes', 'no'),
      approved: fc.boolean(),
      decision: fc.constantFrom('go', 'stop'),
      data: jsonObjects,
    },
    { requiredKeys: [] },
  ),
  respondedBy: fc.constantFrom('ann', 'root'),
  at: moment,
});

/** Any command on an interrupt. */
const interruptCommands: fc.Arbitrary<InterruptCommand> = fc.oneof(
  raise,
  { weight: 4, arbitrary: respond },
  fc.record({ type: fc.constant('CancelInterrupt'), reason: fc.constant('because') }),
  { weight: 2, arbitrary: fc.record({ type: fc.constant('ExpireInterrupt'), at: moment }) },
);

/** Commands that begin with an interrupt's being raised. */
export const interruptLives: fc.Arbitrary<readonly InterruptCommand[]> = fc
  .tuple(raise, fc.array(interruptCommands, { maxLength: 10, size: 'max' }))
  .map(([first, others]) => [first, ...others]);

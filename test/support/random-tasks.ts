import fc from 'fast-check';
import type { TaskCommand } from '../../src/domain/task.js';
import { at, piece } from './task-facts.js';

/** A command at a moment, counted in seconds from the task's submission. */
type Timed = (seconds: number) => TaskCommand;

const leaseToken = fc.constantFrom('token-1', 'token-2', 'token-3');
const jitter = fc.double({ min: 0, max: 1, noNaN: true });
const always = <Value>(
  arbitrary: fc.Arbitrary<Value>,
  command: (value: Value, at: string) => TaskCommand,
) =>
  arbitrary.map(
    (value): Timed =>
      (seconds) =>
        command(value, at(seconds)),
  );

const timed: fc.Arbitrary<Timed> = fc.oneof(
  {
    weight: 4,
    arbitrary: always(leaseToken, (token, moment) => ({
      ...{ type: 'ClaimTask', workerId: `worker of ${token}`, leaseToken: token },
      ...{ leaseSeconds: 30, at: moment },
    })),
  },
  always(leaseToken, (token, moment) => ({ type: 'ExtendLease', leaseToken: token, at: moment })),
  always(fc.tuple(leaseToken, fc.constantFrom(0, 50, 100)), ([token, percent], moment) => ({
    ...{ type: 'ReportProgress', leaseToken: token, percent, at: moment },
  })),
  always(leaseToken, (token) => ({ type: 'CompleteTask', leaseToken: token, result: 1 })),
  {
    weight: 2,
    arbitrary: always(
      fc.record(
        { leaseToken, jitter, retryable: fc.boolean(), retryAfterSeconds: fc.constant(5) },
        { requiredKeys: ['leaseToken', 'jitter', 'retryable'] },
      ),
      (failure, moment) => ({ type: 'FailTask', error: 'no network', ...failure, at: moment }),
    ),
  },
  {
    weight: 4,
    arbitrary: always(jitter, (chance, moment) => ({
      ...{ type: 'PassDeadline', jitter: chance, at: moment },
    })),
  },
  always(fc.constant(0), () => ({ type: 'RetryTask' })),
  always(fc.option(fc.boolean(), { nil: undefined }), (atOnce) => ({
    type: 'CancelTask',
    ...(atOnce !== undefined && { atOnce }),
  })),
);

/** What may happen to one task, from its submission on; time goes on in steps that leases outlive or not. */
export const taskLives: fc.Arbitrary<readonly TaskCommand[]> = fc
  .tuple(
    fc.record({
      queue: fc.constantFrom('llm', 'web'),
      maxAttempts: fc.integer({ min: 1, max: 3 }),
      notBefore: fc.option(fc.constant(at(20)), { nil: undefined }),
    }),
    fc.array(fc.tuple(timed, fc.constantFrom(0, 1, 10, 40)), { maxLength: 40, size: 'max' }),
  )
  .map(([{ notBefore, ...task }, steps]) => {
    let seconds = 0;
    const submitted = { ...piece, ...task, ...(notBefore !== undefined && { notBefore }) };
    const rest = steps.map(([command, wait]) => {
      seconds += wait;
      return command(seconds);
    });
    return [{ type: 'SubmitTask', submitted, at: at(0) }, ...rest];
  });

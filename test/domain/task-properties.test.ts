import { deepStrictEqual } from 'node:assert/strict';
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isRejection } from '../../src/domain/decider.js';
import { task } from '../../src/domain/task.js';
import { carryOut } from '../support/carry-out.js';
import { taskLives } from '../support/random-tasks.js';

const runs = { numRuns: 300 };

it('has one holder at most at any time: nobody is handed a task that somebody else has', () => {
  let claims = 0;
  fc.assert(
    fc.property(taskLives, (commands) => {
      let holder: string | undefined;
      for (const { events } of carryOut(task, commands))
        for (const { type, data } of events)
          if (type === 'TaskClaimed') {
            expect(holder).toBeUndefined();
            holder = data.leaseToken;
            claims += 1;
          } else if (
            ['TaskCompleted', 'TaskAttemptFailed', 'TaskLeaseExpired', 'TaskCancelled'].includes(
              type,
            )
          )
            holder = undefined;
    }),
    runs,
  );
  expect(claims).toBeGreaterThan(100);
});

it('listens to nobody but the holder of its lease', () =>
  fc.assert(
    fc.property(taskLives, (commands) => {
      for (const { command, before, events } of carryOut(task, commands)) {
        if (!('leaseToken' in command) || command.type === 'ClaimTask' || events.length === 0)
          continue;
        expect(before).toMatchObject({ status: 'running', lease: { token: command.leaseToken } });
      }
    }),
    runs,
  ));

it('takes no lease away before its time, but for a cancellation at once', () =>
  fc.assert(
    fc.property(taskLives, (commands) => {
      for (const { command, before, events } of carryOut(task, commands))
        if (events.some(({ type }) => type === 'TaskLeaseExpired')) {
          const { lease } = before as { lease?: { expiresAt: string } };
          expect((command as { at: string }).at >= lease!.expiresAt).toBe(true);
        }
    }),
    runs,
  ));

it('never has more attempts than it may, unless it is retried by hand', () =>
  fc.assert(
    fc.property(taskLives, (commands) => {
      let attempts = 0;
      for (const { events, after } of carryOut(task, commands)) {
        for (const { type } of events) {
          if (type === 'TaskRetried') attempts = 0;
          if (type === 'TaskClaimed') attempts += 1;
        }
        if (after.status !== 'absent') expect(attempts).toBeLessThanOrEqual(after.maxAttempts);
      }
    }),
    runs,
  ));

it('stays settled, unless it is retried by hand; what is dead may still be cancelled', () =>
  fc.assert(
    fc.property(taskLives, (commands) => {
      for (const { command, before, events } of carryOut(task, commands)) {
        if (events.length === 0) continue;
        expect(before.status).not.toBe('completed');
        if (before.status === 'cancelled') expect(command.type).toBe('RetryTask');
        if (before.status === 'dead') expect(['RetryTask', 'CancelTask']).toContain(command.type);
      }
    }),
    runs,
  ));

it('adds nothing when the same command comes twice', () =>
  fc.assert(
    fc.property(taskLives, (commands) => {
      for (const { command, decision, after } of carryOut(task, commands))
        deepStrictEqual(task.decide(command, after), isRejection(decision) ? decision : []);
    }),
    runs,
  ));

it('is never left in between: what was final is settled in the same breath', () =>
  fc.assert(
    fc.property(taskLives, (commands) => {
      for (const { events, after } of carryOut(task, commands))
        if (events.some(({ data }) => 'final' in data))
          expect(['dead', 'cancelled']).toContain(after.status);
    }),
    runs,
  ));

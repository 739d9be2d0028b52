import { deepStrictEqual } from 'node:assert/strict';
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isRejection } from '../../src/domain/decider.js';
import { interrupt } from '../../src/domain/interrupt.js';
import { carryOut } from '../support/carry-out.js';
import { interruptLives } from '../support/random-interrupts.js';

it('is settled at most once, and nothing is added after that', () =>
  fc.assert(
    fc.property(interruptLives, (commands) => {
      for (const { before, after, events } of carryOut(interrupt, commands))
        if (!['absent', 'pending'].includes(before.status)) {
          expect(events).toStrictEqual([]);
          expect(after).toStrictEqual(before);
        }
    }),
  ));

it('adds nothing the second time that a command comes', () =>
  fc.assert(
    fc.property(interruptLives, (commands) => {
      for (const { command, decision, after } of carryOut(interrupt, commands))
        deepStrictEqual(interrupt.decide(command, after), isRejection(decision) ? decision : []);
    }),
  ));

it('is answered before its deadline, and expires from then on', () => {
  const seen = { resolved: 0, expired: 0 };
  fc.assert(
    fc.property(interruptLives, (commands) => {
      for (const { command, before, events } of carryOut(interrupt, commands)) {
        if (events.length === 0 || !('at' in command) || before.status === 'absent') continue;
        const isOver = before.expiresAt !== undefined && command.at >= before.expiresAt;
        expect(events[0]?.type).toBe(isOver ? 'InterruptExpired' : 'InterruptResolved');
        seen[isOver ? 'expired' : 'resolved'] += 1;
      }
    }),
    { numRuns: 500 },
  );
  expect(seen.resolved).toBeGreaterThan(10);
  expect(seen.expired).toBeGreaterThan(10);
});

it('keeps only answers of a sort that it asks for', () =>
  fc.assert(
    fc.property(interruptLives, (commands) => {
      for (const { after } of carryOut(interrupt, commands)) {
        if (after.status !== 'resolved') continue;
        const { data, ...given } = after.response ?? {};
        for (const field of Object.keys(given)) expect(after.responses).toContain(field);
        if (after.requiresResponse) expect(Object.keys(given)).not.toEqual([]);
      }
    }),
  ));

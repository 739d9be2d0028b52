import { deepStrictEqual } from 'node:assert/strict';
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isRejection } from '../../src/domain/decider.js';
import { execution } from '../../src/domain/execution.js';
import { fullStateEvery } from '../../src/domain/stored-state.js';
import { carryOut } from '../support/carry-out.js';
import { executionLives } from '../support/random-commands.js';

const runs = { numRuns: 15 };

it('runs until it ends, once', () =>
  fc.assert(
    fc.property(executionLives, (commands) => {
      for (const { before, after } of carryOut(execution, commands))
        if (before.status !== after.status) expect(['absent', 'running']).toContain(before.status);
    }),
    runs,
  ));

it('adds nothing after its end, but for what is pruned of it', () =>
  fc.assert(
    fc.property(executionLives, (commands) => {
      for (const { before, events } of carryOut(execution, commands))
        if (!['absent', 'running'].includes(before.status))
          expect(events.filter(({ type }) => type !== 'CheckpointsPruned')).toStrictEqual([]);
    }),
    runs,
  ));

it('adds nothing when the same command comes twice', () =>
  fc.assert(
    fc.property(executionLives, (commands) => {
      for (const { command, decision, after } of carryOut(execution, commands))
        deepStrictEqual(execution.decide(command, after), isRejection(decision) ? decision : []);
    }),
    runs,
  ));

it('gives back every checkpoint as it was saved, however it was stored', () => {
  let deltas = 0;
  fc.assert(
    fc.property(executionLives, (commands) => {
      for (const { command, events, after } of carryOut(execution, commands)) {
        if (command.type !== 'SaveCheckpoint' || events.length === 0) continue;
        const { type: _, ...saved } = command;
        deepStrictEqual('latest' in after && after.latest, saved);
        deltas += events.filter(({ data }) => 'stateDelta' in data).length;
      }
    }),
    runs,
  );
  // Chains without deltas would prove nothing.
  expect(deltas).toBeGreaterThan(100);
});

it(`never stores ${fullStateEvery} deltas in a row`, () =>
  fc.assert(
    fc.property(executionLives, (commands) => {
      let row = 0;
      for (const { events } of carryOut(execution, commands))
        for (const { type, data } of events)
          if (type === 'CheckpointSaved') {
            row = 'stateDelta' in data ? row + 1 : 0;
            expect(row).toBeLessThan(fullStateEvery);
          }
    }),
    runs,
  ));

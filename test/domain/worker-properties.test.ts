import { deepStrictEqual } from 'node:assert/strict';
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isRejection } from '../../src/domain/decider.js';
import { worker } from '../../src/domain/worker.js';
import { carryOut } from '../support/carry-out.js';
import { workerLives } from '../support/random-workers.js';

/** Every way from one status to another, with the event that leads there. */
const moves = new Set([
  ...['absent', 'active', 'stopping', 'stopped', 'lost'].map(
    (status) => `${status} WorkerRegistered active`,
  ),
  ...['active WorkerStopRequested stopping', 'lost WorkerStopRequested lost'],
  ...['active', 'stopping', 'lost'].map((status) => `${status} WorkerStopped stopped`),
  ...['active', 'stopping'].map((status) => `${status} WorkerLost lost`),
]);

it('moves only along its state machine', () =>
  fc.assert(
    fc.property(workerLives, (commands) => {
      for (const { before, events } of carryOut(worker, commands)) {
        let state = before;
        for (const event of events) {
          const next = worker.evolve(state, event);
          expect(moves).toContain(`${state.status} ${event.type} ${next.status}`);
          state = next;
        }
      }
    }),
  ));

it('adds nothing when the same command comes twice', () =>
  fc.assert(
    fc.property(workerLives, (commands) => {
      for (const { command, decision, after } of carryOut(worker, commands))
        deepStrictEqual(worker.decide(command, after), isRejection(decision) ? decision : []);
    }),
  ));

it('never forgets that it is to stop, unless it registers', () =>
  fc.assert(
    fc.property(workerLives, (commands) => {
      let isToStop = false;
      for (const { command, decision, after } of carryOut(worker, commands)) {
        if (isRejection(decision) || after.status === 'absent') continue;
        if (command.type === 'RequestWorkerStop') isToStop = after.status !== 'stopped';
        if (command.type === 'StopWorker') isToStop = false;
        if (command.type === 'RegisterWorker' && decision.length > 0) isToStop = false;
        expect(after.stopRequested).toBe(isToStop);
      }
    }),
  ));

it('belongs to whoever registered it first', () =>
  fc.assert(
    fc.property(workerLives, (commands) => {
      let owner: string | undefined;
      for (const { after } of carryOut(worker, commands)) {
        owner ??= worker.ownerOf(after);
        expect(worker.ownerOf(after)).toBe(owner);
      }
    }),
  ));

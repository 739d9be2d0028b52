import { deepStrictEqual } from 'node:assert/strict';
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isRejection } from '../../src/domain/decider.js';
import { type ExecutionEvent, execution } from '../../src/domain/execution.js';
import { carryOut } from '../support/carry-out.js';
import { pipelineLives } from '../support/random-commands.js';

const runs = { numRuns: 300 };

it('has one stage under way at a time, and only a stage with a queue', () => {
  let dispatches = 0;
  fc.assert(
    fc.property(pipelineLives, (commands) => {
      for (const { before, events } of carryOut(execution, commands))
        for (const { type, data } of events) {
          if (type !== 'StageDispatched' || before.status === 'absent') continue;
          dispatches += 1;
          expect(before).toMatchObject({ status: 'running' });
          expect(before).not.toHaveProperty('dispatched');
          expect(before.pipeline?.stages[data.stageOrder]).toMatchObject({
            name: data.stage,
            queue: 'llm',
          });
        }
    }),
    runs,
  );
  // Runs in which nothing is dispatched would prove nothing.
  expect(dispatches).toBeGreaterThan(100);
});

it('is started once held only by being resumed', () =>
  fc.assert(
    fc.property(pipelineLives, (commands) => {
      for (const { command, before, events } of carryOut(execution, commands))
        if ('held' in before && events.some(({ type }) => type === 'StageDispatched'))
          expect(command.type).toBe('ResumeExecution');
    }),
    runs,
  ));

it('adds nothing when the same command comes twice', () =>
  fc.assert(
    fc.property(pipelineLives, (commands) => {
      for (const { command, decision, after } of carryOut(execution, commands))
        deepStrictEqual(execution.decide(command, after), isRejection(decision) ? decision : []);
    }),
    runs,
  ));

it("lets no fork be moved by what became of its ancestor's tasks", () =>
  fc.assert(
    fc.property(pipelineLives, fc.nat(30), (commands, length) => {
      const events = carryOut(execution, commands.slice(0, length)).flatMap((step) => step.events);
      const fork: ExecutionEvent = {
        type: 'StreamForked',
        data: { ancestry: [{ stream: 'execution-a', through: 2 }], scope: 'stream' },
      };
      const state = [...events, fork].reduce(execution.evolve, execution.initial);
      for (const taskId of ['t-1', 't-2'])
        for (const command of [
          { type: 'AdvancePipeline', taskId },
          { type: 'FinishStage', taskId, checkpointId: 'c-new' },
          { type: 'FailStage', taskId, error: 'x' },
          { type: 'CancelStage', taskId },
        ] as const)
          if (state.status !== 'absent') expect(execution.decide(command, state)).toEqual([]);
    }),
    runs,
  ));

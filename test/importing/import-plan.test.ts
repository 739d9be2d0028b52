import { describe, expect, it } from '@jest/globals';
import type { Pipeline } from '../../src/domain/execution.js';
import { type ImportAction, importPlan } from '../../src/importing/import-plan.js';
import { readOne } from './reading.js';

const conversation = {
  messages: [
    { role: 'user', content: 'One?' },
    { role: 'assistant', content: 'One.' },
    { role: 'user', content: 'Two?' },
    { role: 'assistant', content: 'Two.' },
    { role: 'user', content: 'Thanks.' },
    { role: 'assistant', content: 'Bye.' },
    { role: 'user', content: 'Bye.' },
  ],
};

const typesOf = (actions: readonly ImportAction[]) =>
  actions.map(({ commands }) => commands.map(({ type }) => type).join(' '));

describe('planning an import', () => {
  it('puts the messages up to a step before its checkpoint, and the outcome last', async () => {
    const run = await readOne({ messages: conversation.messages.slice(0, 6) });

    expect(typesOf(importPlan(run, 'ann').actions)).toEqual([
      'CreateSession MoveSession',
      'StartExecution',
      'PostMessage PostMessage',
      'SaveCheckpoint',
      'PostMessage PostMessage',
      'SaveCheckpoint',
      'PostMessage PostMessage',
      'SaveCheckpoint',
      'CompleteExecution',
    ]);
  });

  it('posts what comes after the last step, and leaves open what is not over', async () => {
    const run = await readOne(conversation);

    expect(typesOf(importPlan(run, 'ann').actions).slice(-2)).toEqual([
      'SaveCheckpoint',
      'PostMessage',
    ]);
  });

  it('starts an execution for a run without steps', async () => {
    const run = await readOne({
      trajectory_format: 'mini-swe-agent-1.1',
      info: { exit_status: 'Timeout', exception_str: 'timed out' },
      messages: [
        { role: 'user', content: 'Fix it.' },
        { role: 'exit', content: 'timed out', extra: { exit_status: 'Timeout' } },
      ],
    });
    const { actions } = importPlan(run, 'ann');

    expect(typesOf(actions)).toEqual([
      'CreateSession MoveSession',
      'StartExecution',
      'PostMessage PostMessage',
      'MoveSession',
      'FailExecution',
    ]);
    expect(actions[0]?.commands[0]).toMatchObject({
      metadata: {
        recording: {
          format: 'mini-swe-agent',
          key: run.key,
          output: { exitStatus: 'Timeout' },
          warnings: run.warnings,
        },
      },
    });
    expect(actions[3]?.commands).toEqual([
      { type: 'MoveSession', status: 'failed', reason: 'timed out' },
    ]);
  });

  it('has no stage of a record carried out again', async () => {
    const run = await readOne(conversation);
    const startOf = (pipeline: Pipeline) =>
      importPlan({ ...run, pipeline }, 'ann').actions[1]?.commands[0];
    const stage = { name: 'plan', agent: 'planner' };
    const queued = { name: 'p', stages: [stage, { ...stage, queue: 'llm' }] };
    expect(startOf(queued)).toMatchObject({ type: 'StartExecution', held: true });
    expect(startOf({ name: 'p', stages: [stage] })).not.toHaveProperty('held');
  });

  it('makes the same ids of the same run for the same user, forever', async () => {
    const run = await readOne(conversation);
    const { ids } = importPlan(run, 'ann');

    expect(run.key).toBe('c544884d0ac47e1f495fff6b3c7ed729ef4ab97172f719469821de189dbec287');
    expect([ids.session, ids.execution(0), ids.message(0), ids.checkpoint(0, 0)]).toEqual([
      '714fdb49-37c3-5bf1-8e16-c4c00afa6474',
      'f5147cfa-b16c-50cb-a821-14979a596c2f',
      '81000494-236d-5de5-babf-5c652f26af8d',
      'bc1c8874-bada-56e4-afe2-db94993c1f0b',
    ]);
    expect(importPlan(run, 'bob').ids.session).not.toBe(ids.session);
  });

  it('never makes one id twice', async () => {
    const run = await readOne(conversation);
    const { actions } = importPlan(run, 'ann');
    const ids = actions.flatMap(({ commandId, commands }) => [
      commandId,
      ...commands.flatMap((command) => {
        if (command.type === 'PostMessage') return [command.messageId];
        return command.type === 'SaveCheckpoint' ? [command.checkpointId] : [];
      }),
    ]);

    expect(new Set(ids).size).toBe(ids.length);
  });

  it('keeps what is posted at once well below what one append may have', async () => {
    const content = 'x'.repeat(400 * 1024);
    const run = await readOne(Array.from({ length: 5 }, () => ({ role: 'user', content })));
    const posts = typesOf(importPlan(run, 'ann').actions).slice(2);

    expect(posts).toEqual(['PostMessage PostMessage', 'PostMessage PostMessage', 'PostMessage']);
  });

  it('interleaves the checkpoints of several executions as they were saved', async () => {
    const checkpoint = (stage: string, afterMessages: number) => ({
      ...{ agent: 'a', stage, stageOrder: 0, state: {}, afterMessages },
    });
    const run = await readOne({
      forkline: 1,
      session: { status: 'terminated' },
      messages: [
        { role: 'user', content: '1' },
        { role: 'user', content: '2' },
      ],
      executions: [
        {
          status: 'completed',
          output: { a: 1 },
          checkpoints: [checkpoint('a', 0), checkpoint('c', 2)],
        },
        { status: 'cancelled', checkpoints: [checkpoint('b', 1)] },
      ],
    });
    const { actions } = importPlan(run, 'ann');

    expect(
      actions.flatMap(({ commands }) =>
        commands.flatMap((command) => {
          if (command.type === 'SaveCheckpoint') return [command.stage];
          return command.type === 'PostMessage' ? [command.content] : [];
        }),
      ),
    ).toEqual(['a', '1', 'b', '2', 'c']);
    expect(typesOf(actions).slice(-3)).toEqual([
      'TerminateSession',
      'CompleteExecution',
      'CancelExecution',
    ]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { readAll, readOne } from './reading.js';

const asks = (content: string) => ({ role: 'user', content });
const says = (content: string) => ({ role: 'assistant', content, tool_calls: null });
const calls = (id: string, name: string, args: object) => ({
  role: 'assistant',
  content: null,
  tool_calls: [{ id, type: 'function', function: { name, arguments: JSON.stringify(args) } }],
  function_call: null,
});
const answers = (id: string, name: string, content: string) => ({
  role: 'tool',
  tool_call_id: id,
  name,
  content,
});

const trial = {
  task_id: 3,
  trial: 0,
  reward: 1.0,
  info: {
    task: { user_id: 'mia_li_1', instruction: 'You are Mia.', actions: [], outputs: [] },
    source: 'user',
    user_cost: 0.01,
    reward_info: { reward: 1.0, info: { r_actions: 1.0 }, actions: [] },
  },
  traj: [
    { role: 'system', content: 'Policy' },
    asks('Hello'),
    calls('c1', 'get_order', { order_id: '#W1' }),
    answers('c1', 'get_order', 'Error: 503 Service Unavailable'),
    calls('c2', 'get_order', { order_id: '#W1' }),
    answers('c2', 'get_order', '{"status":"pending"}'),
    says('It is pending.'),
    asks('Thanks. ###STOP###'),
  ],
};

describe('reading tau-bench trials', () => {
  it('makes a step of each word of the agent, a tool call with its answer', async () => {
    const run = await readOne(trial);

    expect(run.format).toBe('tau-bench');
    expect(run.title).toBe('tau-bench task 3, trial 0 (mia_li_1)');
    expect(run.steps.map(({ afterMessages }) => afterMessages)).toEqual([4, 6, 7]);
    expect(run.steps.map(({ state }) => state)).toEqual([
      {
        step: 1,
        messages: 4,
        lastAction: 'tool-call',
        tools: ['get_order'],
        toolOutcome: 'error',
        toolCalls: 1,
        toolErrors: 1,
      },
      {
        step: 2,
        messages: 6,
        lastAction: 'tool-call',
        tools: ['get_order'],
        toolOutcome: 'ok',
        toolCalls: 2,
        toolErrors: 1,
      },
      { step: 3, messages: 7, lastAction: 'reply', toolCalls: 2, toolErrors: 1 },
    ]);
    expect(run.steps[1]?.outputs).toEqual({
      action: 'get_order({"order_id":"#W1"})',
      observation: '{"status":"pending"}',
    });
  });

  it('gives the reward as the outcome, and keeps the task', async () => {
    const { outcome, metadata } = await readOne(trial);

    expect(outcome).toEqual({
      status: 'completed',
      output: {
        taskId: 3,
        trial: 0,
        reward: 1,
        rewardInfo: trial.info.reward_info,
        endedBy: 'customer',
        source: 'user',
        userCost: 0.01,
      },
    });
    expect(metadata).toMatchObject({ taskId: 3, trial: 0, task: trial.info.task });
  });

  it("stores null beside a tool call as '', flagged", async () => {
    const { messages, warnings } = await readOne(trial);

    expect(messages[2]).toMatchObject({ content: '', metadata: { contentWasNull: true } });
    expect(messages[3]).toMatchObject({ toolCallId: 'c1', name: 'get_order' });
    expect(warnings).toEqual([
      "content is null beside tool calls, stored as '' (traj[2], traj[4])",
    ]);
  });

  it('reads a run that ran out of turns and was never judged', async () => {
    const { outcome, warnings } = await readOne({
      ...trial,
      reward: 0,
      info: { ...trial.info, reward_info: null, user_cost: null },
      traj: trial.traj.slice(0, 2),
    });

    expect(outcome).toMatchObject({
      status: 'completed',
      output: { reward: 0, rewardInfo: null, endedBy: 'turn-limit' },
    });
    expect(warnings).toEqual([
      'the run ended before the first step',
      'info.reward_info is null: the run ran out of turns before it was judged',
    ]);
  });

  it('tells a run that was handed over to a person', async () => {
    const { outcome } = await readOne({
      ...trial,
      traj: [
        ...trial.traj.slice(0, 2),
        calls('c1', 'transfer_to_human_agents', { summary: 'stuck' }),
        answers('c1', 'transfer_to_human_agents', 'Transfer successful'),
      ],
    });

    expect(outcome).toMatchObject({ output: { endedBy: 'transfer' } });
  });

  it('reads every run of an array, and one broken element costs itself alone', async () => {
    const text = `[${JSON.stringify(trial)}, {"traj": [tru]}, ${JSON.stringify({ ...trial, trial: 1 })}, {"traj": [7]}]`;
    const entries = await readAll(text);

    expect(entries.map((entry) => ('run' in entry ? entry.run.title : entry.unreadable))).toEqual([
      'tau-bench task 3, trial 0 (mia_li_1)',
      expect.stringMatching(/^\[1\]: not JSON/),
      'tau-bench task 3, trial 1 (mia_li_1)',
      '[3] traj[0]: not a run of tau-bench (expected an object with a role)',
    ]);
    expect(entries.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
  });

  it('reads an element on its own, without the array', async () => {
    expect((await readOne(trial)).key).toBe(
      ((await readAll(JSON.stringify([trial])))[0] as { run: { key: string } }).run.key,
    );
  });
});

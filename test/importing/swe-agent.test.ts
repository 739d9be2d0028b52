import { describe, expect, it } from '@jest/globals';
import { readOne, refusalOf } from './reading.js';

const said = (content: string, more: object = {}) => ({
  role: 'assistant',
  content,
  thought: content,
  action: 'ls',
  agent: 'primary',
  ...more,
});
const seen = (content: string) => ({ role: 'user', content, agent: 'primary' });
const step = (response: string, observation: string, more: object = {}) => ({
  response,
  thought: response,
  action: 'ls\n',
  observation,
  state: '{"open_file": "n/a", "working_dir": "/repo"}\n',
  ...more,
});

const recording = {
  environment: 'swe_main',
  trajectory: [step('Look.', 'a.py\n'), step('Done.', 'diff')],
  history: [
    { role: 'system', content: 'You are …', agent: 'primary' },
    seen('Fix it.'),
    said('Look.'),
    seen('a.py\n(Open file: n/a)'),
    said('Done.'),
  ],
  info: { exit_status: 'submitted', submission: 'diff', model_stats: { api_calls: 2 } },
};

describe('reading a SWE-agent trajectory', () => {
  it('makes a step of each entry, done when its observation has been exchanged', async () => {
    const run = await readOne(recording, { name: 'runs/marshmallow-1867.traj.gz' });

    expect(run.format).toBe('swe-agent');
    expect(run.title).toBe('marshmallow-1867');
    expect(run.steps.map(({ afterMessages }) => afterMessages)).toEqual([4, 5]);
    expect(run.steps[0]).toMatchObject({
      agent: 'primary',
      stage: 'step-1',
      stageOrder: 1,
      outputs: { action: 'ls', observation: 'a.py\n' },
    });
    expect(run.outcome).toEqual({
      status: 'completed',
      output: { exitStatus: 'submitted', submission: 'diff', modelStats: { api_calls: 2 } },
    });
    expect(run.metadata.recording).toEqual({
      format: 'swe-agent',
      file: 'marshmallow-1867.traj.gz',
    });
    expect(run.warnings).toEqual([]);
  });

  it('takes a state that is a string of JSON and one that is an object alike', async () => {
    const { steps } = await readOne({
      ...recording,
      trajectory: [
        step('Look.', 'a.py'),
        step('Done.', 'diff', { state: { open_file: 'a.py' }, execution_time: 0.25 }),
      ],
    });

    expect(steps[0]?.state.environment).toEqual({ open_file: 'n/a', working_dir: '/repo' });
    expect(steps[1]?.state).toMatchObject({
      environment: { open_file: 'a.py' },
      executionTime: 0.25,
    });
  });

  it('keeps a state that is a string of something else, and says so', async () => {
    const { steps, warnings } = await readOne({
      ...recording,
      trajectory: [step('Look.', 'a.py', { state: '{"open_file": ' }), step('Done.', 'diff')],
    });

    expect(steps[0]?.state.environment).toEqual({ text: '{"open_file": ' });
    expect(warnings).toEqual(['state is a string that is not JSON, kept as it is (trajectory[0])']);
  });

  it('reads a history without a trajectory as a run without steps that is not over', async () => {
    const run = await readOne({ history: recording.history });

    expect(run.steps).toEqual([]);
    expect(run.messages).toHaveLength(5);
    expect(run.outcome).toEqual({ status: 'running' });
    expect(run.warnings).toEqual([
      'there is a history and no trajectory: the run has no steps',
      'the recording does not say how the run ended',
    ]);
  });

  it('reads a trajectory without a history as a run without messages that keeps what was said', async () => {
    const run = await readOne({ trajectory: recording.trajectory });

    expect(run.messages).toEqual([]);
    expect(run.steps.map(({ outputs }) => outputs?.response)).toEqual(['Look.', 'Done.']);
    expect(run.warnings).toContain('there is a trajectory and no history: the run has no messages');
  });

  it('keeps whole, in its outputs, a step that the history has lost', async () => {
    const long = 'x'.repeat(5000);
    const run = await readOne({
      ...recording,
      trajectory: [step('Look.', 'a.py'), step('Lost.', long), step('Done.', 'diff')],
    });

    expect(run.steps.map(({ afterMessages }) => afterMessages)).toEqual([4, 4, 5]);
    expect(run.steps[1]?.outputs).toMatchObject({ response: 'Lost.', observation: long });
    expect(run.warnings).toEqual(['the history has no message for this step (trajectory[1])']);
  });

  it('names a message of the history that the trajectory has no step for', async () => {
    const { warnings } = await readOne({ ...recording, trajectory: [step('Done.', 'diff')] });

    expect(warnings).toEqual(['the trajectory has no step for this message (history[2])']);
  });

  it('goes by the order where a response was retouched in one of the two places', async () => {
    const run = await readOne({
      ...recording,
      trajectory: [step('Look around.', 'a.py'), step('Done.', 'diff')],
    });

    expect(run.steps.map(({ afterMessages }) => afterMessages)).toEqual([4, 5]);
    expect(run.steps[0]?.outputs?.response).toBe('Look around.');
    expect(run.warnings).toEqual([
      'the response differs from the message in the history (trajectory[0])',
    ]);
  });

  it('shortens an observation that a message holds in full', async () => {
    const long = 'y'.repeat(2001);
    const run = await readOne({
      ...recording,
      trajectory: [step('Look.', long), step('Done.', 'diff')],
      history: recording.history.with(3, seen(`${long}\n(Open file: n/a)`)),
    });

    expect(run.steps[0]?.outputs).toMatchObject({ observation: 'y'.repeat(2000), truncated: true });
    expect(run.messages[3]?.content).toContain(long);
  });

  it('marks a demonstration, which is no turn of the run', async () => {
    const run = await readOne({
      ...recording,
      history: [{ ...said('Like this.'), is_demo: true }, ...recording.history],
    });

    expect(run.messages[0]?.metadata.isDemo).toBe(true);
    expect(run.steps.map(({ afterMessages }) => afterMessages)).toEqual([5, 6]);
    expect(run.warnings).toEqual([
      'a demonstration shown to the model, not part of the run (history[0])',
    ]);
  });

  it('links a tool message to the call it answers', async () => {
    const call = { id: 'call_1', type: 'function', function: { name: 'ls', arguments: '{}' } };
    const { messages } = await readOne({
      history: [
        said('Look.', { tool_calls: [call], message_type: 'action' }),
        { role: 'tool', content: 'a.py', tool_call_ids: ['call_1'], message_type: 'observation' },
      ],
    });

    expect(messages[0]).toMatchObject({ toolCalls: [call], metadata: { messageType: 'action' } });
    expect(messages[1]).toMatchObject({ role: 'tool', toolCallId: 'call_1' });
  });

  it('names the history repeated after each step as left out', async () => {
    const { warnings } = await readOne({
      ...recording,
      trajectory: [
        step('Look.', 'a.py', { messages: recording.history.slice(0, 3) }),
        step('Done.', 'diff', { messages: recording.history }),
      ],
    });

    expect(warnings).toEqual([
      'messages is left out: it repeats the history as it stood after the step (trajectory[0], trajectory[1])',
    ]);
  });

  it('keeps small unknown fields, names large ones, and keeps secrets out', async () => {
    const run = await readOne({
      ...recording,
      info: { ...recording.info, edited_files30: '1:x', edited_files70: 'z'.repeat(9000) },
      replay_config: { agent: { model: { name: 'gpt4', api_key: 'sk-123' } } },
    });

    expect(run.metadata).toMatchObject({
      recorded: { edited_files30: '1:x' },
      replayConfig: { agent: { model: { name: 'gpt4', api_key: '(left out)' } } },
    });
    expect(run.warnings).toEqual([
      'a secret is left out (replay_config.agent.model.api_key)',
      'field edited_files70 is left out: larger than 8 KiB (the run)',
    ]);
    expect(JSON.stringify(run)).not.toContain('sk-123');
  });

  it('takes any other exit status for a failure', async () => {
    const { outcome } = await readOne({ ...recording, info: { exit_status: 'exit_cost' } });

    expect(outcome).toEqual({
      status: 'failed',
      error: 'exit_cost',
      output: { exitStatus: 'exit_cost' },
    });
  });

  it('refuses a trajectory that is not made of objects, with the place', async () => {
    const error = await refusalOf(JSON.stringify({ ...recording, trajectory: [1] }));

    expect(error.message).toBe('trajectory[0]: not a run of swe-agent (expected an object)');
  });
});

import { describe, expect, it } from '@jest/globals';
import { call, exit, ran, recording, said } from './mini-swe-recording.js';
import { readOne } from './reading.js';

const submitted = recording([
  said('c1', 'ls', 1775000001.5),
  ran('c1', 'a.py\n', 1775000002),
  said('c2', 'submit', 1775000003),
  exit('Submitted', 'diff'),
]);

const died = recording(
  [
    said('c1', 'ls', 1775000001),
    ran('c1', 'a.py\n', 1775000002),
    exit('InternalServerError', 'TLS broken off', { exception_str: 'TLS broken off' }),
  ],
  {
    exit_status: 'InternalServerError',
    submission: '',
    exception_str: 'TLS broken off',
    traceback: 'Traceback …',
  },
);

describe('reading a mini-swe-agent run', () => {
  it('takes an assistant message and the tool message that answers it for a step', async () => {
    const run = await readOne(submitted);

    expect(run.format).toBe('mini-swe-agent');
    expect(run.title).toBe('django__django-1 (deepseek/deepseek-chat)');
    expect(run.steps.map(({ afterMessages }) => afterMessages)).toEqual([4, 6]);
    expect(run.steps[0]).toEqual({
      agent: 'main',
      stage: 'step-1',
      stageOrder: 1,
      state: {
        step: 1,
        messages: 4,
        at: '2026-03-31T23:33:22.000Z',
        cost: 0.25,
        apiCalls: 1,
        promptTokens: 100,
        completionTokens: 10,
        lastAction: 'ls',
        returncode: 0,
      },
      outputs: {
        action: 'ls',
        observation: '<returncode>0</returncode>\n<output>\na.py\n</output>',
      },
      processing: [
        {
          type: 'model-call',
          at: '2026-03-31T23:33:21.500Z',
          cost: 0.25,
          finishReason: 'tool_calls',
          promptTokens: 100,
          completionTokens: 10,
        },
        {
          type: 'tool-call',
          tool: 'bash',
          toolCallId: 'c1',
          at: '2026-03-31T23:33:22.000Z',
          returncode: 0,
        },
      ],
      afterMessages: 4,
    });
    expect(run.steps[1]?.state).toMatchObject({ cost: 0.5, apiCalls: 2, promptTokens: 200 });
  });

  it('keeps time, cost, usage and provider ids of a message, and nothing twice', async () => {
    const { messages } = await readOne(submitted);

    expect(messages[2]?.metadata).toEqual({
      at: '2026-03-31T23:33:21.500Z',
      cost: 0.25,
      finishReason: 'tool_calls',
      response: {
        id: 'answer-c1',
        created: '2026-03-31T23:33:20.000Z',
        model: 'deepseek-chat',
        usage: { prompt_tokens: 100, completion_tokens: 10 },
      },
    });
    expect(messages[3]?.metadata).toEqual({ at: '2026-03-31T23:33:22.000Z', returncode: 0 });
  });

  it('stores the exit message as system, and lets it stand for the last tool message of a submitted run', async () => {
    const run = await readOne(submitted);

    expect(run.messages[5]).toEqual({
      role: 'system',
      content: 'diff',
      metadata: { recordedRole: 'exit', exitStatus: 'Submitted' },
    });
    expect(run.outcome).toEqual({
      status: 'completed',
      output: {
        exitStatus: 'Submitted',
        submission: 'diff',
        modelStats: { instance_cost: 0.5, api_calls: 2 },
      },
    });
    expect(run.warnings).toEqual([
      'a tool call has no tool message: the exit message stands for it (messages[4])',
    ]);
  });

  it('takes a run that died half way for failed, with the exception', async () => {
    const run = await readOne(died);

    expect(run.steps.map(({ afterMessages }) => afterMessages)).toEqual([4]);
    expect(run.outcome).toEqual({
      status: 'failed',
      error: 'TLS broken off',
      output: {
        exitStatus: 'InternalServerError',
        submission: '',
        modelStats: { instance_cost: 0.5, api_calls: 2 },
        traceback: 'Traceback …',
      },
    });
    expect(run.warnings).toEqual(['the run failed after 1 steps']);
  });

  it('reads a run that ended before the first assistant message', async () => {
    const run = await readOne(
      recording([exit('Timeout', 'timed out after 600 s')], { exit_status: 'Timeout' }),
    );

    expect(run.steps).toEqual([]);
    expect(run.messages).toHaveLength(3);
    expect(run.outcome).toMatchObject({ status: 'failed', error: 'Timeout' });
    expect(run.warnings).toEqual(['the run ended before the first step']);
  });

  it('keeps messages in their order when the clock goes back, and says by how much', async () => {
    const run = await readOne(
      recording([
        said('c1', 'ls', 1775000002),
        ran('c1', '', 1775000001.25),
        exit('Submitted', 'diff'),
      ]),
    );

    expect(run.messages.map(({ metadata }) => metadata.at)).toEqual([
      undefined,
      undefined,
      '2026-03-31T23:33:22.000Z',
      '2026-03-31T23:33:21.250Z',
      undefined,
    ]);
    expect(run.warnings).toEqual(['the clock goes back by 0.750 s (messages[3])']);
  });

  it('keeps broken JSON arguments as they are', async () => {
    const broken = '{"command" "ls"}';
    const run = await readOne(
      recording([
        said('c1', 'ls', 1, { tool_calls: [call('c1', broken)] }),
        { role: 'user', content: 'Tool call error', extra: { interrupt_type: 'FormatError' } },
        said('c2', 'ls', 2),
        ran('c2', '', 3),
        exit('Submitted', 'diff'),
      ]),
    );

    expect(run.messages[2]?.toolCalls).toEqual([call('c1', broken)]);
    expect(run.messages[3]?.metadata).toEqual({ interruptType: 'FormatError' });
    expect(run.steps.map(({ afterMessages }) => afterMessages)).toEqual([3, 6]);
    expect(run.steps[0]?.outputs?.action).toBe(`bash(${broken})`);
    expect(run.warnings).toEqual([
      'a tool call has broken JSON arguments, kept as they are (messages[2])',
      'the harness complains of a malformed tool call (FormatError) (messages[3])',
      'a tool call has no tool message (messages[2])',
    ]);
  });

  it('keeps raw output that the content has shortened, as far as it is small', async () => {
    const shortened = ran('c1', '', 2, { raw_output: 'w'.repeat(30_000) });
    const tooLong = ran('c2', '', 4, { raw_output: 'w'.repeat(60_000) });
    const { messages, warnings } = await readOne(
      recording([
        said('c1', 'cat', 1),
        shortened,
        said('c2', 'cat', 3),
        tooLong,
        exit('Submitted', 'diff'),
      ]),
    );

    expect(messages[3]?.metadata.rawOutput).toBe('w'.repeat(30_000));
    expect(messages[5]?.metadata.rawOutput).toBeUndefined();
    expect(warnings).toEqual(['extra.raw_output is left out: larger than 48 KiB (messages[5])']);
  });

  it('keeps why a command did not run', async () => {
    const timedOut = { returncode: -1, exception_info: 'Timed out', exception_type: 'Expired' };
    const { messages, steps, warnings } = await readOne(
      recording([said('c1', 'sleep 99', 1), ran('c1', '', 2, timedOut), exit('Submitted', 'diff')]),
    );

    expect(messages[3]?.metadata).toMatchObject({
      returncode: -1,
      exceptionInfo: 'Timed out',
      exceptionType: 'Expired',
    });
    expect(steps[0]?.state).toMatchObject({ returncode: -1, exceptionType: 'Expired' });
    expect(warnings).toEqual(['a command did not run to its end (messages[3])']);
  });

  it('keeps reasoning, and a copy at the provider only where it differs', async () => {
    const reasoned = said('c1', 'ls', 1, {
      reasoning_content: 'Hm.',
      provider_specific_fields: { reasoning_content: 'Hm.' },
    });
    const differs = said('c2', 'ls', 3, { provider_specific_fields: { refusal: 'no' } });
    const { messages } = await readOne(
      recording([reasoned, ran('c1', '', 2), differs, ran('c2', '', 4), exit('Submitted', '')]),
    );

    expect(messages[2]?.metadata.reasoning).toBe('Hm.');
    expect(messages[2]?.metadata.providerSpecificFields).toBeUndefined();
    expect(messages[4]?.metadata.providerSpecificFields).toEqual({ refusal: 'no' });
  });

  it('keeps a time no calendar holds as the number it is', async () => {
    const { messages } = await readOne(
      recording([said('c1', 'ls', 1e300), exit('Submitted', 'diff')]),
    );

    expect(messages[2]?.metadata.timestamp).toBe(1e300);
  });
});

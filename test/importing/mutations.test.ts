import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readRuns } from '../../src/importing/read-runs.js';
import { formats } from '../../src/importing/recorded-run.js';
import { UnreadableRecording } from '../../src/importing/unreadable-recording.js';
import { inChunks } from './reading.js';

const call = { id: 'c1', type: 'function', function: { name: 'bash', arguments: '{"command":1}' } };
const chat = [
  { role: 'system', content: 'You are …', agent: 'main', message_type: 'system_prompt' },
  { role: 'user', content: 'Grüße' },
  {
    role: 'assistant',
    content: null,
    tool_calls: [call],
    thought: 'Hm.',
    extra: {
      timestamp: 1775000001.5,
      cost: 0.1,
      actions: [{ command: 1, tool_call_id: 'c1' }],
      response: { created: 1, choices: [{ message: { content: 'x' } }], usage: { a: 1 } },
    },
  },
  {
    role: 'tool',
    content: 'ok',
    tool_call_id: 'c1',
    tool_call_ids: ['c1'],
    extra: { raw_output: 'okay', returncode: 0, timestamp: 1775000001, exception_info: '' },
  },
  { role: 'exit', content: 'diff', extra: { exit_status: 'Submitted', submission: 'diff' } },
];
const step = { response: 'a', thought: 'a', action: 'ls', observation: 'b', state: '{"cwd":"/"}' };
const checkpoint = { agent: 'a', stage: 's', stageOrder: 1, state: {}, afterMessages: 1 };

const recordings: readonly unknown[] = [
  { messages: chat, model: 'gpt' },
  chat,
  {
    trajectory_format: 'mini-swe-agent-1.1',
    instance_id: 'i',
    messages: chat,
    info: { exit_status: 'Submitted', config: { model: { model_name: 'm' } }, model_stats: {} },
  },
  {
    trajectory: [step, { ...step, state: {}, messages: [] }],
    history: chat,
    info: { exit_status: 'submitted', edited_files30: 'x' },
    replay_config: { problem_statement: { id: 'p' } },
  },
  [
    { task_id: 1, trial: 0, reward: 1, info: { task: { user_id: 'u' } }, traj: chat },
    { task_id: 2, trial: 0, reward: 0, info: { reward_info: null }, traj: [] },
  ],
  {
    forkline: 1,
    session: { title: 't', metadata: {} },
    messages: chat.slice(0, 2),
    executions: [{ status: 'failed', error: 'e', checkpoints: [checkpoint] }],
  },
];

/** Reads to the end or to an UnreadableRecording; anything else thrown fails the test. */
const survives = async (bytes: Uint8Array, format?: (typeof formats)[number]): Promise<void> => {
  try {
    for await (const entry of readRuns(inChunks(bytes, 97), { format, maxBytes: 1 << 24 })) {
      if (!('run' in entry)) continue;
      const { messages, steps, key } = entry.run;
      expect(key).toMatch(/^[0-9a-f]{64}$/);
      for (const { afterMessages } of steps)
        expect(afterMessages).toBeLessThanOrEqual(messages.length);
    }
  } catch (error) {
    if (!(error instanceof UnreadableRecording)) throw error;
    expect(error.message).not.toBe('');
  }
};

const someFormat = fc.option(fc.constantFrom(...formats), { nil: undefined });

const valueIn = (value: unknown, path: readonly number[], put: unknown): unknown => {
  const [first, ...rest] = path;
  if (first === undefined || typeof value !== 'object' || value === null) return put;
  const keys = Object.keys(value);
  const key = keys[first % Math.max(keys.length, 1)];
  if (key === undefined) return put;
  const changed = valueIn((value as Record<string, unknown>)[key], rest, put);
  return Array.isArray(value) ? value.with(Number(key), changed) : { ...value, [key]: changed };
};

describe('whatever the bytes are', () => {
  it('reads any JSON value or says that it is unreadable', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), someFormat, (json, format) =>
        survives(Buffer.from(json), format),
      ),
      { numRuns: 300 },
    );
  });

  it('reads a recording in which any value was replaced by any other', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...recordings),
        fc.array(fc.nat(20), { maxLength: 7 }),
        fc.jsonValue(),
        someFormat,
        (recording, path, put, format) =>
          survives(Buffer.from(JSON.stringify(valueIn(recording, path, put))), format),
      ),
      { numRuns: 1000 },
    );
  });

  it('reads a recording that was cut, or in which bytes were changed, packed or not', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...recordings),
        fc.constantFrom(JSON.stringify, (value: unknown) => JSON.stringify(value, null, 1)),
        fc.boolean(),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
        fc.option(fc.nat()),
        someFormat,
        (recording, write, isPacked, changes, cut, format) => {
          const text = Buffer.from(`${write(recording)}\n${JSON.stringify(recording)}`);
          const bytes = isPacked ? gzipSync(text) : text;
          for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
          return survives(cut === null ? bytes : bytes.subarray(0, cut % bytes.length), format);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import { summaryOf } from '../../src/cli/event-summary.js';
import type { JsonObject } from '../../src/client/client.js';

const call = { function: { name: 'bash', arguments: '{"command":"ls"}' } };
const text = { type: 'text', text: 'See this' };

const cases: readonly (readonly [string, JsonObject, string])[] = [
  ['SessionCreated', { title: 'Fix\nit', mode: 'background' }, '“Fix it” (background)'],
  ['SessionPaused', {}, ''],
  ['SessionTerminated', { reason: 'no budget' }, 'no budget'],
  ['MessagePosted', { role: 'user', content: 'Hello\n there' }, 'user: Hello there'],
  ['MessagePosted', { role: 'user', content: [text, { type: 'image' }] }, 'user: See this […]'],
  [
    'MessagePosted',
    { role: 'assistant', content: '', toolCalls: [call] },
    'assistant: → bash {"command":"ls"}',
  ],
  ['ExecutionStarted', { input: null, pipeline: { name: 'repair' } }, 'repair'],
  ['ExecutionStarted', { input: { issue: 12 } }, '{"issue":12}'],
  [
    'CheckpointSaved',
    { stage: 'plan', agent: 'planner', state: { step: 1, plan: {} } },
    'plan (planner) { step, plan }',
  ],
  [
    'StreamForked',
    {
      ancestry: [
        { stream: 'session-1', through: 4 },
        { stream: 'session-2', through: 9 },
      ],
      reason: 'why not',
    },
    'from session-2@9 why not',
  ],
  ['TaskSubmitted', { type: 'sum', queue: 'llm', payload: { n: 1 } }, 'sum → llm {"n":1}'],
  ['TaskBecameDue', { queue: 'llm' }, 'llm'],
  ['TaskClaimed', { workerId: 'w-1', attempt: 2 }, 'w-1, attempt 2'],
  ['TaskLeaseExtended', { leaseExpiresAt: '12:00' }, 'until 12:00'],
  ['TaskProgressed', { percent: 40, status: 'reading' }, '40 % reading'],
  ['TaskProgressed', { percent: 40 }, '40 %'],
  ['TaskCompleted', { result: { pages: 3 } }, '{"pages":3}'],
  ['TaskAttemptFailed', { error: 'no network' }, 'no network'],
  ['TaskLeaseExpired', { workerId: 'w-1', reason: 'timed-out' }, 'w-1: timed-out'],
  ['TaskDeadLettered', { reason: 'not-retryable' }, 'not-retryable'],
  ['TaskRetried', { from: 'dead' }, 'was dead'],
  ['TaskCancelRequested', { reason: 'too slow' }, 'too slow'],
  ['TaskCancelled', { from: 'ready', reason: 'too slow' }, 'was ready too slow'],
  ['StageDispatched', { stage: 'plan', stageOrder: 0, taskId: 't-1' }, 'plan → task t-1'],
  ['StageFinished', { stage: 'plan', stageOrder: 0, taskId: 't-1' }, 'plan by task t-1'],
  ['CheckpointsPruned', { through: 9, count: 4 }, '4 up to revision 9'],
  ['SomethingNew', { a: 1 }, '{"a":1}'],
];

describe('an event in a few words', () => {
  it.each(cases)('%s %j', (type, data, summary) => {
    expect(summaryOf({ type, data })).toBe(summary);
  });

  it('copes with data that are not what the type says', () => {
    for (const [type] of cases)
      for (const data of [{}, { content: 7, ancestry: 'x', toolCalls: [null], state: [] }])
        expect(() => summaryOf({ type, data })).not.toThrow();
  });

  it('is short however long the text', () => {
    const long = { role: 'user', content: 'word '.repeat(10_000) };
    expect(summaryOf({ type: 'MessagePosted', data: long }).length).toBeLessThanOrEqual(400);
  });
});

import { expect, it } from '@jest/globals';
import { plain } from '../../src/cli/terminal.js';
import { type ProgramLine, workerLine } from '../../src/cli/worker-line.js';
import type { ClaimedTask, WorkerNews } from '../../src/client/client.js';

const task: ClaimedTask = {
  ...{ id: '1', userId: 'ann', type: 'summarise', queue: 'llm', priority: 5, payload: null },
  ...{ attempt: 2, maxAttempts: 3, leaseToken: 't', timeoutSeconds: 300 },
  ...{ leaseExpiresAt: '', timesOutAt: '', revision: 1, position: '9' },
};
const now = new Date('2026-01-02T03:04:05.678Z');
const screen = { paint: plain, width: undefined };

const shown: readonly (readonly [WorkerNews | ProgramLine, string])[] = [
  [{ type: 'claimed', task }, 'task-1  summarise from llm, attempt 2 of 3'],
  [{ type: 'progress', task, percent: 40, status: 'reading' }, 'task-1  40 % reading'],
  [{ type: 'said', task, line: 'a\u001b[31m line\u0007' }, 'task-1  │ a line'],
  [{ type: 'completed', task, tookMs: 1_234 }, 'task-1  completed in 1.2 s'],
  [
    { type: 'failed', task, tookMs: 125_000, error: 'exit code 65\nlast line', retryable: false },
    'task-1  failed after 2 min 5 s, not to be tried again: exit code 65',
  ],
  [
    {
      ...{ type: 'failed', tookMs: 0, error: 'exit code 3', retryable: true },
      task: { ...task, attempt: 3 },
    },
    'task-1  failed after 0.0 s, the last attempt: exit code 3',
  ],
  [{ type: 'stopping', why: 'done', running: 1 }, 'takes no more tasks'],
  [{ type: 'stopping', why: 'asked', running: 2 }, 'asked to stop, once 2 tasks ended'],
  [{ type: 'stopping', why: 'signal', running: 0 }, 'stopping'],
  [{ type: 'stopping', why: 'refused', running: 0 }, 'refused by the server'],
];

it.each(shown)('says of %j when, where and what', (news, line) => {
  expect(workerLine(news, screen, now)).toBe(`2026-01-02 03:04:05.678  ${line}`);
});

import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { describeError } from '../../src/telemetry/describe-error.js';
import { watchEventLoop } from '../../src/telemetry/event-loop.js';
import { until } from '../support/until.js';

describe('what is logged of an error', () => {
  it('is its name, message, place and code, and those of its causes', () => {
    const cause = Object.assign(new TypeError('inner'), { code: 'ECONNRESET' });
    const error = Object.assign(new Error('outer', { cause }), { code: 42 });
    expect(describeError(error)).toEqual({
      ...{ type: 'Error', message: 'outer', code: 42, stack: expect.stringContaining('outer') },
      cause: {
        ...{ type: 'TypeError', message: 'inner', code: 'ECONNRESET' },
        stack: expect.stringContaining('inner'),
      },
    });
  });

  it('is not what it carries besides, such as the documents of a write that failed', () => {
    const document = { content: 'kept-to-themselves' };
    const error = Object.assign(new Error('E11000'), { writeErrors: [{ op: document }], document });
    expect(JSON.stringify(describeError(error))).not.toContain('kept-to-themselves');
  });

  it('can be told of what is no error, and of one that causes itself', () => {
    expect(describeError('a word')).toEqual({ type: 'string', message: 'a word' });
    const error = new Error('again');
    error.cause = error;
    expect(JSON.stringify(describeError(error)).length).toBeLessThan(20_000);
  });
});

describe('an event loop that is blocked', () => {
  it('is warned of, with how long', async () => {
    const lines: { msg: string; blockedMs: number }[] = [];
    const log = pino({}, { write: (line) => lines.push(JSON.parse(line)) });
    const unwatch = watchEventLoop(log, { blockedMs: 150, everyMs: 10 });
    const end = performance.now() + 300;
    while (performance.now() < end);
    await until(() => lines.length > 0);
    unwatch();
    expect(lines[0]?.msg).toBe('the event loop was blocked: everything waited');
    expect(lines[0]?.blockedMs).toBeGreaterThan(150);
  });
});

import { describe, expect, it } from '@jest/globals';
import { importTally } from '../../src/cli/import-tally.js';
import type { ImportStep } from '../../src/client/client.js';

const run = (messages: number, more: object = {}): ImportStep => ({
  item: {
    ...{ index: 0, sessionId: 's', executionId: 'e', messages, checkpoints: 2, added: 9 },
    warnings: [],
    ...more,
  },
});
const progress = (runs: number, messages: number): ImportStep => ({
  progress: { runs, messages, checkpoints: 0 },
});

describe('what an import comes to', () => {
  it('counts over the files that are under way', () => {
    const tally = importTally();
    tally.take('a', progress(0, 10));
    tally.take('b', progress(1, 5));
    tally.take('a', progress(1, 30));
    expect(tally.counts()).toEqual({ runs: 2, messages: 35, checkpoints: 0 });
  });

  it('is told in a line for each file and at the end', () => {
    const tally = importTally();
    tally.take('a.json', run(1_000));
    tally.take('a.json', run(20, { added: 0 }));
    tally.failed('b.json', 'unreadable-recording: there is\nnothing in the file');
    expect(tally.lineFor('a.json')).toBe('a.json: 2 runs, 1,020 messages, 4 checkpoints');
    expect(tally.lineFor('b.json')).toBe(
      'b.json: unreadable-recording: there is nothing in the file',
    );
    expect(tally.summary(1.26, 10)).toEqual([
      '2 runs, 1,020 messages, 4 checkpoints in 1.3 s',
      '1 run already there',
      '1 failure:',
      '  b.json: unreadable-recording: there is nothing in the file',
    ]);
  });

  it('has failed when a single run of a file could not be read', () => {
    const tally = importTally();
    tally.take('a.jsonl', run(1));
    expect(tally.hasFailures()).toBe(false);
    tally.take('a.jsonl', { unreadable: { index: 1, reason: 'line 2: not JSON', code: 'x' } });
    expect(tally.hasFailures()).toBe(true);
    expect(tally.lineFor('a.jsonl')).toContain('run 1: line 2: not JSON');
  });

  it('shows as many warnings as wanted and says how many there are', () => {
    const tally = importTally();
    tally.take('a', run(1, { warnings: ['one', 'two', 'three'] }));
    expect(tally.summary(1, 2).slice(1)).toEqual([
      '3 warnings:',
      '  a: one',
      '  a: two',
      '  … and 1 more (--verbose shows all)',
    ]);
    expect(tally.summary(1, Number.POSITIVE_INFINITY)).toHaveLength(5);
  });
});

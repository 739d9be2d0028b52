import { describe, expect, it } from '@jest/globals';
import { progressIn } from '../../src/cli/progress-line.js';

describe('a line of standard error tells progress', () => {
  it.each([
    ['progress 40 reading files', { percent: 40, status: 'reading files' }],
    ['progress 12.5%', { percent: 12.5 }],
    ['progress 100 %  all done ', { percent: 100, status: 'all done' }],
    ['{"progress": 7}', { percent: 7 }],
    ['{"progress": 7, "status": "begun", "more": 1}', { percent: 7, status: 'begun' }],
  ])('%j', (line, report) => {
    expect(progressIn(line)).toStrictEqual(report);
  });

  it('cut to what the server takes', () => {
    expect(progressIn(`progress 1 ${'x'.repeat(600)}`)?.status).toHaveLength(500);
  });
});

describe('a line of standard error tells none', () => {
  it.each([
    'progress 101',
    'progress',
    'progress is slow',
    'in progress 40',
    '{"progress": "40"}',
    '{"progress": 140}',
    '{"progress": 40',
    'null',
  ])('%j', (line) => {
    expect(progressIn(line)).toBeUndefined();
  });
});

import { describe, expect, it } from '@jest/globals';
import { dividerBefore, timelineColumns, timelineRows } from '../../src/cli/timeline-rows.js';
import type { JsonObject, StreamEvent } from '../../src/client/client.js';

const event = (type: string, data: JsonObject, more: Partial<StreamEvent> = {}): StreamEvent => ({
  id: '00000000-0000-4000-8000-000000000001',
  type,
  topic: 'x',
  stream: 'execution-2',
  revision: 0,
  position: '1',
  created: '2026-01-02T03:04:05.678Z',
  data,
  metadata: {},
  ...more,
});

const checkpoint = (stored: JsonObject): StreamEvent =>
  event('CheckpointSaved', { agent: 'coder', stage: 'code', ...stored });

const changesOf = (...events: readonly StreamEvent[]): readonly string[] =>
  events.map(timelineRows()).map(({ change }) => change);

describe('the rows of a timeline', () => {
  it('say what each checkpoint changed, however its state was stored', () => {
    expect(
      changesOf(
        checkpoint({ state: { step: 1, plan: { model: 'large' } } }),
        checkpoint({ stateDelta: [{ op: 'replace', path: '/step', value: 2 }] }),
        checkpoint({ state: { step: 3, notes: ['a', 'b'] } }),
        checkpoint({ state: { step: 3, notes: ['a', 'b'] } }),
      ),
    ).toEqual(['step 1, plan {"model":"large"}', 'step 2', '-plan, step 3, notes [2]', '']);
  });

  it('say what a delta changed where the state before is not known', () => {
    const delta = [{ op: 'replace', path: '/plan/model', value: 'small' }];
    expect(changesOf(checkpoint({ stateDelta: delta }))).toEqual(['plan.model "small"']);
  });

  it('name stage and agent where there are any', () => {
    const rows = [event('ExecutionStarted', { input: 1 }), checkpoint({ state: {} })].map(
      timelineRows(),
    );
    expect(rows[1]).toMatchObject({ stage: 'code', agent: 'coder', event: 'CheckpointSaved' });
    const titles = (some: typeof rows) => timelineColumns(some).map(({ title }) => title);
    expect(titles(rows)).toEqual(['TIME (UTC)', 'REV', 'EVENT', 'STAGE', 'AGENT', 'WHAT CHANGED']);
    expect(titles(rows.slice(0, 1))).toEqual(['TIME (UTC)', 'REV', 'EVENT', 'WHAT CHANGED']);
  });

  it('are parted where they come from elsewhere', () => {
    const own = event('StreamForked', {});
    const from = (stream: string) => event('x', {}, { origin: { stream, revision: 0 } });
    expect(dividerBefore(own, undefined)).toBeUndefined();
    expect(dividerBefore(from('execution-0'), undefined)).toContain('inherited from execution-0');
    expect(dividerBefore(from('execution-0'), from('execution-0'))).toBeUndefined();
    expect(dividerBefore(from('execution-1'), from('execution-0'))).toContain('execution-1');
    expect(dividerBefore(own, from('execution-1'))).toContain('written in execution-2');
  });
});

import { describe, expect, it } from '@jest/globals';
import { plain } from '../../src/cli/terminal.js';
import {
  dividerBefore,
  timelineColumns,
  timelineLines,
  timelineRow,
} from '../../src/cli/timeline-rows.js';
import type { SteppedEvent } from '../../src/cli/told-change.js';
import type { Change, JsonObject, StreamEvent } from '../../src/client/client.js';

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

const stepped = (
  type: string,
  data: JsonObject,
  changes: readonly Change[],
  more: Partial<StreamEvent> = {},
): SteppedEvent => ({ ...event(type, data, { revision: 1, ...more }), changes });

const checkpoint = (...changes: readonly Change[]): SteppedEvent =>
  stepped('CheckpointSaved', { agent: 'coder', stage: 'code' }, changes);

const changesOf = (...events: readonly SteppedEvent[]): readonly string[] =>
  events.map((event) => timelineRow(event).change);

describe('the rows of a timeline', () => {
  it('say what each checkpoint changed in the state that was saved', () => {
    const latest = { checkpointId: 'c-1', state: { step: 1, plan: { model: 'large' } } };
    expect(
      changesOf(
        checkpoint(
          { op: 'add', path: '/latest', value: latest },
          { op: 'add', path: '/checkpoints/c-1', value: 'fingerprint' },
        ),
        checkpoint(
          { op: 'replace', path: '/latest/state/step', value: 2 },
          { op: 'remove', path: '/latest/state/plan/model' },
          { op: 'replace', path: '/latest/checkpointId', value: 'c-2' },
          { op: 'replace', path: '/deltas', value: 1 },
        ),
        checkpoint({ op: 'replace', path: '/latest/state', value: { notes: ['a', 'b'] } }),
        checkpoint(),
      ),
    ).toEqual(['step 1, plan {"model":"large"}', 'step 2, -plan.model', 'notes [2]', '']);
  });

  it('say of other events what they changed, and why', () => {
    const paused: Change = { op: 'replace', path: '/status', value: 'paused' };
    const failed: Change = { op: 'add', path: '/error', value: 'no tests' };
    expect(
      changesOf(
        stepped('SessionPaused', {}, [paused]),
        stepped('SessionPaused', { reason: 'lunch\u001b[31m' }, [paused]),
        stepped('SessionFailed', { error: 'no network' }, []),
        stepped('ExecutionFailed', { error: 'no tests' }, [failed]),
      ),
    ).toEqual(['status "paused"', 'status "paused": lunch', 'no network', 'error "no tests"']);
  });

  it('say what was said, and what began', () => {
    const message: Change = { op: 'add', path: '/messages/m-1', value: {} };
    expect(
      changesOf(
        stepped('SessionCreated', { title: 'One', mode: 'interactive' }, [], { revision: 0 }),
        stepped('MessagePosted', { role: 'user', content: 'Why?' }, [message]),
      ),
    ).toEqual(['“One” (interactive)', 'user: Why?']);
  });

  it('name stage and agent where there are any', () => {
    const rows = [stepped('ExecutionStarted', { input: 1 }, []), checkpoint()].map((each) =>
      timelineRow(each),
    );
    expect(rows[1]).toMatchObject({ stage: 'code', agent: 'coder', event: 'CheckpointSaved' });
    const titles = (some: typeof rows) => timelineColumns(some).map(({ title }) => title);
    expect(titles(rows)).toEqual(['TIME (UTC)', 'REV', 'EVENT', 'STAGE', 'AGENT', 'WHAT CHANGED']);
    expect(titles(rows.slice(0, 1))).toEqual(['TIME (UTC)', 'REV', 'EVENT', 'WHAT CHANGED']);
  });

  it('have the time of day alone on a narrow screen, and nothing cut off one', () => {
    const change = { op: 'replace', path: '/title', value: 'x'.repeat(30) } as const;
    const renamed = stepped('SessionRenamed', {}, [change]);
    const linesAt = (width?: number) => timelineLines([renamed], { paint: plain, width });
    expect(linesAt(60)).toEqual([
      'UTC       REV  EVENT           WHAT CHANGED',
      `03:04:05    1  SessionRenamed  title "${'x'.repeat(21)}…`,
    ]);
    const whole = `2026-01-02 03:04:05.678    1  SessionRenamed  title "${'x'.repeat(30)}"`;
    expect(linesAt(100)[1]).toBe(whole);
    expect(linesAt()[1]).toBe(whole);
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

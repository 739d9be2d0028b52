import { describe, expect, it } from '@jest/globals';
import { inspection } from '../../src/cli/inspection.js';
import { plain } from '../../src/cli/terminal.js';
import type { JsonObject, StreamEvent, StreamState } from '../../src/client/client.js';

const event: StreamEvent = {
  id: '00000000-0000-4000-8000-000000000001',
  type: 'MessageEdited',
  topic: 'chat.message.edited',
  stream: 'session-2',
  revision: 4,
  position: '99',
  created: '2026-01-02T03:04:05.678Z',
  data: { content: 'x'.repeat(301) },
  metadata: { userId: 'ann\u001b[2J' },
  origin: { stream: 'session-1', revision: 4 },
};

const at = (state: JsonObject): StreamState => ({
  ...{ stream: 'session-2', revision: 4, position: '99', state },
});

const lines = (state: JsonObject, isFull?: boolean): string =>
  inspection(event, at(state), plain, isFull).join('\n');

const messages = (amount: number): JsonObject =>
  Object.fromEntries(
    Array.from({ length: amount }, (_, n) => [`m-${n}`, { role: 'user', postedAs: 'print' }]),
  );

describe('an inspection', () => {
  it('says what happened, when, by whom and where it was inherited from', () => {
    expect(lines({}).split('\n').slice(0, 8)).toEqual([
      'session-2@4  MessageEdited',
      '  time       2026-01-02 03:04:05.678 UTC',
      '  topic      chat.message.edited',
      '  position   99',
      '  event id   00000000-0000-4000-8000-000000000001',
      '  by         ann',
      '  inherited  from session-1@4',
      '',
    ]);
  });

  it('cuts long texts, leaves out what only the rules need, and ends with the newest checkpoint', () => {
    const shown = lines({
      latest: { state: { step: 2 } },
      checkpoints: { 'c-1': 'print', 'c-2': 'print' },
      deltas: 1,
      messages: messages(1),
    });
    expect(shown).toContain('… (1 more character)');
    expect(shown.split('State as of 4\n')[1]?.split('\n')).toEqual([
      '{',
      '  "messages": { "m-0": { "role": "user" } },',
      '  "checkpoints": 2,',
      '  "latest": { "state": { "step": 2 } }',
      '}',
    ]);
  });

  it('counts messages when there are many', () => {
    expect(lines({ messages: messages(11) })).toContain('{ "messages": 11 }');
  });

  it('is full when that is wanted', () => {
    const shown = lines({ deltas: 1, messages: messages(11) }, true);
    expect(shown).toContain('x'.repeat(301));
    expect(shown).toContain('"deltas": 1');
    expect(shown).toContain('"m-10": { "role": "user", "postedAs": "print" }');
  });
});

import { describe, expect, it } from '@jest/globals';
import { tailLine } from '../../src/cli/tail-line.js';
import { plain } from '../../src/cli/terminal.js';
import { widthOf } from '../../src/cli/text.js';
import type { ForklineEvent } from '../../src/client/client.js';

const event: ForklineEvent = {
  id: '00000000-0000-4000-8000-000000000001',
  type: 'MessagePosted',
  topic: 'chat.message.created',
  stream: 'session-00000000-0000-4000-8000-000000000002',
  revision: 12,
  position: '99',
  created: '2026-01-02T03:04:05.678Z',
  data: { role: 'user', content: 'Hello '.repeat(100) },
  metadata: {},
};

const head =
  '2026-01-02 03:04:05.678  session-00000000-0000-4000-8000-000000000002@12  chat.message.created';

describe('an event on a line', () => {
  it('says when, where and what', () => {
    expect(tailLine(event, { paint: plain, width: undefined })).toMatch(
      `${head}  user: Hello Hello`,
    );
  });

  it('is one row of a wide screen, and as many as that comes to of a narrow one', () => {
    expect(widthOf(tailLine(event, { paint: plain, width: 200 }))).toBe(200);
    expect(widthOf(tailLine(event, { paint: plain, width: 80 }))).toBe(160);
  });

  it('names the type where there is nothing more to say', () => {
    const activated = { ...event, type: 'SessionActivated', data: {} };
    expect(tailLine(activated, { paint: plain, width: undefined })).toBe(
      `${head}  SessionActivated`,
    );
  });

  it('gives the tombstone of a stream no revision', () => {
    const tombstone = { ...event, type: '$streamDeleted', revision: -1, data: {} };
    expect(tailLine(tombstone, { paint: plain, width: undefined })).not.toContain('@');
  });
});

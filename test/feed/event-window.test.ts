import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventWindow } from '../../src/feed/event-window.js';
import type { FeedEvent } from '../../src/feed/feed-event.js';

const names = {
  ...{ stream: ['session-1'], session: ['1'], owner: ['ann'], type: ['Counted'] },
  ...{ topic: ['session.counted', 'session.*'], category: ['session'] },
};

const at = (position: number, json: string): FeedEvent => ({
  ...{ position, names, json: Buffer.from(json) },
});

describe('the window of newest events', () => {
  it('gives the first event after a position as long as it has all that came after it', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 50 }),
        fc.array(fc.record({ gap: fc.integer({ min: 1, max: 9 }), size: fc.nat({ max: 20 }) })),
        fc.record({
          events: fc.integer({ min: 1, max: 12 }),
          bytes: fc.integer({ min: 1, max: 99 }),
        }),
        (start, steps, limits) => {
          const window = eventWindow(start, limits);
          const added: FeedEvent[] = [];
          let position = start;
          for (const { gap, size } of steps) {
            position += gap;
            const event = at(position, 'x'.repeat(size));
            added.push(event);
            window.add(event);
          }
          // What fits is the longest run of newest events within both limits.
          let kept = 0;
          let bytes = 0;
          for (const { json } of added.toReversed()) {
            bytes += json.length;
            if (kept === limits.events || bytes > limits.bytes) break;
            kept += 1;
          }
          const floor = added.at(-kept - 1)?.position ?? start;
          for (let asked = 0; asked <= position + 2; asked++) {
            expect(window.covers(asked)).toBe(asked >= floor);
            if (asked >= floor)
              expect(window.next(asked)).toBe(added.find((event) => event.position > asked));
          }
        },
      ),
    );
  });
});

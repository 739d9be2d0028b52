import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { count, cut, oneLine, pad, shownJson, shownTime, widthOf } from '../../src/cli/text.js';

describe('text that others wrote', () => {
  it('is shown on one line without anything that would command the terminal', () => {
    const hostile =
      '\u001b[31mred\u001b[0m\u001b]0;title\u0007 a\r\nb\tc \u009b2Jd \u202eback\u0000';
    expect(oneLine(hostile)).toBe('red a b cd back'.replace('cd', 'c d'));
  });

  it('keeps emoji that are joined of several', () => {
    expect(oneLine('a 👩‍👩‍👧 b')).toBe('a 👩‍👩‍👧 b');
  });

  it('never holds a control character, whatever was written', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(oneLine(text)).not.toMatch(/\p{Cc}/u);
        expect(shownJson(JSON.stringify(text))).not.toMatch(/\p{Cc}/u);
      }),
    ));

  it('means the same as JSON, with what commands a terminal as escapes', () => {
    const json = shownJson(JSON.stringify({ text: '\u009b2J\u202e' }));
    expect(json).toBe('{"text":"\\u009b2J\\u202e"}');
    expect(JSON.parse(json)).toEqual({ text: '\u009b2J\u202e' });
  });
});

describe('the width of text', () => {
  it('counts what a terminal shows', () => {
    expect(widthOf('plain')).toBe(5);
    expect(widthOf('日本語')).toBe(6);
    expect(widthOf('é')).toBe(1);
    expect(widthOf('🎉👩‍👩‍👧')).toBe(4);
  });

  it('is never more than what it was cut to, and nothing is cut that fits', () =>
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.integer({ min: 0, max: 30 }),
        (text, columns) => {
          const shown = cut(text, columns);
          expect(widthOf(shown)).toBeLessThanOrEqual(columns);
          if (widthOf(text) <= columns) expect(shown).toBe(text);
        },
      ),
    ));

  it('is filled up on either side', () => {
    expect(pad('日本', 6)).toBe('日本  ');
    expect(pad('12', 4, 'left')).toBe('  12');
    expect(pad('longer', 3)).toBe('longer');
  });
});

describe('amounts and times', () => {
  it('are written as people read them', () => {
    expect([count(1, 'run'), count(0, 'run'), count(8206, 'message')]).toEqual([
      '1 run',
      '0 runs',
      '8,206 messages',
    ]);
    expect(shownTime('2026-01-02T03:04:05.678Z')).toBe('2026-01-02 03:04:05.678');
  });
});

import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { lineSplitter } from '../../src/cli/line-splitter.js';
import { tailOf } from '../../src/cli/tail-of.js';

const linesOf = (pieces: readonly string[]): readonly string[] => {
  const lines: string[] = [];
  const splitter = lineSplitter((line) => lines.push(line));
  for (const piece of pieces) splitter.take(piece);
  splitter.end();
  return lines;
};

it('gives the lines of a text, however it is cut into pieces', () =>
  fc.assert(
    fc.property(
      fc.array(fc.string({ minLength: 1 }).map((text) => `a${text.replace(/[\r\n]/g, ' ')}`)),
      fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
      (lines, sizes) => {
        const pieces: string[] = [];
        for (let rest = lines.join('\n'); rest !== ''; ) {
          const size = sizes.next().value ?? 1;
          pieces.push(rest.slice(0, size));
          rest = rest.slice(size);
        }
        expect(linesOf(pieces)).toEqual(lines);
      },
    ),
  ));

it('cuts a line without end into several, and leaves empty ones out', () => {
  expect(linesOf(['x'.repeat(20_000), '\n\n  \r\ny']).map(({ length }) => length)).toEqual([
    8_192, 8_192, 3_616, 1,
  ]);
});

it('keeps the last lines of many', () => {
  const tail = tailOf(10);
  for (let n = 0; n < 100; n += 1) tail.add(`line ${n}`);
  expect(tail.text()).toBe('98\nline 99');
});

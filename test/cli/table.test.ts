import { describe, expect, it } from '@jest/globals';
import { type Column, tableOf } from '../../src/cli/table.js';
import { plain } from '../../src/cli/terminal.js';
import { widthOf } from '../../src/cli/text.js';

type Row = Readonly<{ revision: string; event: string; change: string }>;

const columns: readonly Column<Row>[] = [
  { title: 'REV', text: ({ revision }) => revision, align: 'right', style: 'yellow' },
  { title: 'EVENT', text: ({ event }) => event },
  { title: 'WHAT CHANGED', text: ({ change }) => change },
];
const rows: readonly Row[] = [
  { revision: '9', event: 'SessionCreated', change: '“A title”' },
  {
    revision: '1000',
    event: 'Posted',
    change: 'a longer text that does not fit the screen at all',
  },
];
const linesOf = (width?: number): readonly string[] => {
  const table = tableOf(columns, rows, plain, width);
  return [table.heading, ...rows.map(table.line)];
};

describe('a table', () => {
  it('lines its columns up and cuts the last to the screen', () => {
    expect(linesOf(48)).toEqual([
      ' REV  EVENT           WHAT CHANGED',
      '   9  SessionCreated  “A title”',
      '1000  Posted          a longer text that does n…',
    ]);
  });

  it('cuts nothing where there is no screen', () => {
    expect(linesOf().at(-1)).toBe(
      '1000  Posted          a longer text that does not fit the screen at all',
    );
  });

  it('leaves the last column readable on the narrowest screen', () => {
    expect(linesOf(10).map(widthOf)).toEqual([34, 31, 42]);
  });

  it('styles after it has measured', () => {
    const table = tableOf(columns, rows, (style, text) => `<${style}>${text}</${style}>`, 48);
    expect(table.line(rows[0]!)).toBe('<yellow>   9</yellow>  SessionCreated  “A title”');
  });
});

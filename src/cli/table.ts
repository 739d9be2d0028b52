import type { Paint, Terminal } from './terminal.js';
import { cut, pad, widthOf } from './text.js';

export type Column<Row> = Readonly<{
  title: string;
  text: (row: Row) => string;
  align?: 'left' | 'right';
  style?: Parameters<Paint>[0];
}>;

export type Table<Row> = Readonly<{ heading: string; line: (row: Row) => string }>;

const gap = '  ';
const leastOfLast = 20;

/**
 * Lays out columns for rows of which the first are known. The last column takes the rest of the
 * screen and is cut to it, though not below 20 columns.
 *
 * @param sample the rows that the widths are taken from
 * @param width columns of the screen; undefined when nothing is to be cut
 */
export const tableOf = <Row>(
  columns: readonly Column<Row>[],
  sample: readonly Row[],
  paint: Paint,
  width?: number,
): Table<Row> => {
  const widths = columns.map(({ title, text }) =>
    sample.reduce((widest, row) => Math.max(widest, widthOf(text(row))), widthOf(title)),
  );
  const taken = widths.slice(0, -1).reduce((sum, each) => sum + each + gap.length, 0);
  const last = width === undefined ? undefined : Math.max(leastOfLast, width - taken);

  const laidOut = (
    cell: (column: Column<Row>) => string,
    style: (column: Column<Row>, text: string) => string,
  ) =>
    columns
      .map((column, index) => {
        const text = cell(column);
        if (index === columns.length - 1)
          return style(column, last === undefined ? text : cut(text, last));
        const side = column.align === 'right' ? 'left' : 'right';
        return style(column, pad(text, widths[index] ?? 0, side));
      })
      .join(gap)
      .trimEnd();

  return {
    heading: laidOut(
      ({ title }) => title,
      (_, text) => paint('dim', text),
    ),
    line: (row) =>
      laidOut(
        ({ text }) => text(row),
        ({ style }, text) => (style ? paint(style, text) : text),
      ),
  };
};

/** Rows as the lines of a table that they alone make up, the heading first. */
export const tableLines = <Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { paint, width }: Pick<Terminal, 'paint' | 'width'>,
): readonly string[] => {
  const { heading, line } = tableOf(columns, rows, paint, width);
  return [heading, ...rows.map(line)];
};

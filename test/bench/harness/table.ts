import { type Claim, hasLimit, holds, shown, type Table } from './findings.js';

/** What is no number, which JSON knows as null, could not be measured. */
const cell = (value: string | number): string => {
  if (typeof value === 'string') return value.replaceAll('|', '\\|');
  return Number.isFinite(value) ? shown(value) : '';
};

/** A table as Markdown has it, its columns aligned: text left, numbers right. */
export const markdownOf = ({ columns, rows }: Table): string => {
  const cells = [[...columns], ...rows.map((row) => row.map(cell))];
  const isNumber = columns.map((_, at) => rows.some((row) => typeof row[at] === 'number'));
  const widths = columns.map((_, at) => Math.max(3, ...cells.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((text, at) => (isNumber[at] ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0))).join(' | ')} |`;
  const [head = [], ...body] = cells;
  const rule = widths.map((width, at) =>
    isNumber[at] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  return [line(head), line(rule), ...body.map(line)].join('\n');
};

const limitOf = ({ atLeast, atMost, unit = '' }: Claim): string =>
  [
    ...(atLeast === undefined ? [] : [`at least ${atLeast}`]),
    ...(atMost === undefined ? [] : [`at most ${atMost}`]),
  ].join(', ') + (unit === '' ? '' : ` ${unit}`);

/** What is wanted beside what was found. */
export const claimsTable = (claims: readonly Claim[]): Table => ({
  title: 'What is wanted',
  columns: ['', 'wanted', 'found', 'holds'],
  rows: claims.map((claim) => [
    claim.what,
    limitOf(claim),
    Number.isFinite(claim.figure) ? `${shown(claim.figure)} ${claim.unit ?? ''}`.trim() : 'nothing',
    hasLimit(claim) ? (holds(claim) ? 'yes' : 'no') : '',
  ]),
});

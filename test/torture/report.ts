import { type Column, tableOf } from '../../src/cli/table.js';
import type { Terminal } from '../../src/cli/terminal.js';
import type { Finding } from './checks/finding.js';
import { grouped } from './grouped.js';
import { type LogLine, linesOf } from './log-lines.js';
import type { Tortured } from './torture.js';

type Outcomes = Readonly<{
  kind: string;
  acknowledged: number;
  refused: number;
  unknown: number;
  retried: number;
}>;
type FaultCount = Readonly<{ kind: string; on: string; count: number }>;

const number = (value: number): string => value.toLocaleString('en');

/** What came of the commands of each kind. */
const outcomesOf = (log: readonly LogLine[]): readonly Outcomes[] => {
  const kinds = new Map(linesOf(log, 'intent').map(({ id, kind }) => [id, kind]));
  const settled = log.filter(
    (line) => line.log === 'acknowledged' || line.log === 'refused' || line.log === 'unknown',
  );
  const byKind = grouped(settled, ({ id }) => kinds.get(id) ?? '');
  const rows = [...byKind].map(([kind, lines]) => outcomesIn(kind, lines));
  return [...rows.sort((a, b) => (a.kind < b.kind ? -1 : 1)), outcomesIn('all', settled)];
};

const outcomesIn = (
  kind: string,
  lines: readonly Readonly<{ log: string; attempts: number }>[],
): Outcomes => {
  const count = (log: string) => lines.filter((line) => line.log === log).length;
  return {
    kind,
    acknowledged: count('acknowledged'),
    refused: count('refused'),
    unknown: count('unknown'),
    retried: lines.filter(({ attempts }) => attempts > 1).length,
  };
};

/** How many faults of each kind there were, by the sort of thing they were on. */
const faultsOf = (log: readonly LogLine[]): readonly FaultCount[] => {
  const sorts = grouped(linesOf(log, 'fault'), ({ kind, on }) => {
    return `${kind} ${on.replaceAll(/-\d+/g, '')}`;
  });
  const rows = [...sorts].map(([name, faults]) => {
    const [kind = '', on = ''] = name.split(' ');
    return { kind, on, count: faults.length };
  });
  return rows.sort((a, b) => (a.kind < b.kind ? -1 : 1));
};

const outcomeColumns: readonly Column<Outcomes>[] = [
  { title: 'COMMAND', text: ({ kind }) => kind },
  { title: 'DONE', text: ({ acknowledged }) => number(acknowledged), align: 'right' },
  { title: 'REFUSED', text: ({ refused }) => number(refused), align: 'right' },
  { title: 'UNKNOWN', text: ({ unknown }) => number(unknown), align: 'right' },
  { title: 'RETRIED', text: ({ retried }) => number(retried), align: 'right' },
];
const faultColumns: readonly Column<FaultCount>[] = [
  { title: 'FAULT', text: ({ kind }) => kind },
  { title: 'TIMES', text: ({ count }) => number(count), align: 'right' },
  { title: 'ON', text: ({ on }) => on },
];
const findingColumns: readonly Column<Finding>[] = [
  { title: 'LOOKED AT', text: ({ looked }) => number(looked), align: 'right' },
  { title: 'BROKEN', text: ({ violations }) => number(violations.length), align: 'right' },
  { title: 'CHECK', text: ({ check }) => check },
];

/** Of one check, no more than so many: the first are as a rule the cause of the others. */
const mostShown = 20;

/** Prints what a run did and what the checks found, and each violation exactly. */
export const report = ({ log, events, streams, findings, lostBytes }: Tortured, to: Terminal) => {
  const { paint, print, width } = to;
  const show = <Row>(columns: readonly Column<Row>[], rows: readonly Row[]): void => {
    const table = tableOf(columns, rows, paint, width);
    print('');
    print(table.heading);
    for (const row of rows) print(table.line(row));
  };
  show(outcomeColumns, outcomesOf(log));
  show(faultColumns, faultsOf(log));
  show(findingColumns, findings);
  print('');
  const fed = linesOf(log, 'fed').length;
  const received = linesOf(log, 'received').length;
  print(
    `${number(events)} events in ${number(streams)} streams, ${number(fed)} told by feeds, ` +
      `${number(received)} by webhooks, ${number(lostBytes)} bytes of answers lost on purpose`,
  );
  for (const { check, violations } of findings) {
    if (violations.length === 0) continue;
    print('');
    print(paint('red', `broken: ${check}`));
    for (const { where, what } of violations.slice(0, mostShown)) print(`  ${where}: ${what}`);
    if (violations.length > mostShown)
      print(`  and ${number(violations.length - mostShown)} more, in report.json`);
  }
};

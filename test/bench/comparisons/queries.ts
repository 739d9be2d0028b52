import type { Comparison } from '../harness/comparison.js';

type Row = Readonly<{
  kind: string;
  'in flight': number;
  'bare/s': number;
  'program/s': number;
  ratio: number;
  'bare µs': number;
  'program µs': number;
}>;

const leastRatio = 0.75;

export const queries: Comparison = {
  name: 'queries',
  title: 'Queries and commands over HTTP',
  method:
    "Requests to the program in turns with the same requests to an express that makes the calls of the same drivers and nothing else: no checks, no identity, no read models. Each on embedded stores of its own, clients in a process of their own. The CPU time is the server's, for one request; that of the program has its read models, reactions and feed in it.",
  parts: (size) => [
    {
      script: 'http/against-bare.js',
      args: size === 'full' ? ['5', '1500'] : ['1', '100'],
      minutes: 20,
      measured: 'lines',
    },
  ],
  findings: ([measured]) => {
    const rows = measured as readonly Row[];
    const labelOf = (row: Row) => `${row.kind}, ${row['in flight']} in flight`;
    return {
      claims: rows.map((row) => ({
        what: `beside bare express: ${labelOf(row)}`,
        figure: row.ratio,
        atLeast: leastRatio,
      })),
      tables: [
        {
          title: 'Requests a second, and microseconds of CPU a request',
          columns: ['', 'bare', 'Forkline', 'ratio', 'bare, µs', 'Forkline, µs'],
          rows: rows.map((row) => [
            ...[labelOf(row), row['bare/s'], row['program/s'], row.ratio],
            ...[row['bare µs'], row['program µs']],
          ]),
        },
      ],
      chart: {
        title: 'Requests a second',
        unit: 'a second',
        isMoreBetter: true,
        series: ['bare express', 'Forkline'],
        groups: rows.map((row) => ({
          label: labelOf(row),
          values: [row['bare/s'], row['program/s']],
        })),
      },
      leftOut: [],
    };
  },
};

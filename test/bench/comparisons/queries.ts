import type { Comparison } from '../harness/comparison.js';

type Server = 'bare' | 'unaltered' | 'modelled' | 'program';
type Row = Readonly<{
  kind: string;
  'in flight': number;
  ratio: number;
  'beside unaltered': number;
}> &
  Readonly<Partial<Record<'modelled beside bare' | 'beside modelled', number>>> &
  Readonly<Partial<Record<`${Server}${'/s' | ' µs' | ' store µs'}`, number>>>;

const servers = [
  ['bare', 'bare express'],
  ['unaltered', 'bare, unaltered'],
  ['modelled', 'bare with read models'],
  ['program', 'Forkline'],
] as const;
const leastRatio = 0.75;

export const queries: Comparison = {
  name: 'queries',
  title: 'Queries and commands over HTTP',
  method:
    "Requests to the program in turns with the same requests to an express that makes the calls of the same drivers and nothing else: no checks, no identity, no read models. Each on embedded stores of its own, clients in a process of their own. Messages are also appended to the same express with read models: it subscribes to all events and writes, every 50 ms, the documents that Forkline writes for a message, with the same indexes, unguarded. That is what is given to whatever keeps them; nothing is wanted of it. Bare, unaltered: the bare express with requests that have Express's prototypes from the first, as the program's have; nothing is wanted of that either. The CPU time is the server's and its stores', for one request; that of the program has its read models, reactions and feed in it.",
  parts: (size) => [
    {
      script: 'http/against-bare.js',
      args: size === 'full' ? ['12', '2000'] : ['1', '100'],
      minutes: 20,
      measured: 'lines',
    },
  ],
  findings: ([measured]) => {
    const rows = measured as readonly Row[];
    const labelOf = (row: Row) => `${row.kind}, ${row['in flight']} in flight`;
    const appended = rows.filter((row) => row['modelled/s'] !== undefined);
    return {
      claims: [
        ...rows.map((row) => ({
          what: `beside bare express: ${labelOf(row)}`,
          figure: row.ratio,
          atLeast: leastRatio,
        })),
        ...rows.map((row) => ({
          what: `beside bare express, unaltered: ${labelOf(row)}`,
          figure: row['beside unaltered'],
        })),
        ...appended.flatMap((row) => [
          {
            what: `bare with read models beside bare express: ${labelOf(row)}`,
            figure: row['modelled beside bare'] ?? Number.NaN,
          },
          {
            what: `beside bare with read models: ${labelOf(row)}`,
            figure: row['beside modelled'] ?? Number.NaN,
          },
        ]),
      ],
      tables: [
        {
          title: 'Requests a second',
          columns: ['', ...servers.map(([, title]) => title), 'Forkline beside bare'],
          rows: rows.map((row) => [
            ...[labelOf(row), ...servers.map(([name]) => row[`${name}/s`] ?? ''), row.ratio],
          ]),
        },
        {
          title: 'Microseconds of CPU a request, of the server and of its stores',
          columns: ['', ...servers.flatMap(([, title]) => [title, 'its stores'])],
          rows: rows.map((row) => [
            labelOf(row),
            ...servers.flatMap(([name]) => [
              row[`${name} µs`] ?? '',
              row[`${name} store µs`] ?? '',
            ]),
          ]),
        },
      ],
      chart: {
        title: 'Requests a second',
        unit: 'a second',
        isMoreBetter: true,
        series: servers.map(([, title]) => title),
        groups: rows.map((row) => ({
          label: labelOf(row),
          values: servers.map(([name]) => row[`${name}/s`] ?? null),
        })),
      },
      leftOut: [],
    };
  },
};

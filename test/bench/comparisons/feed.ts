import type { Comparison } from '../harness/comparison.js';
import type { Claim } from '../harness/findings.js';

type Peer = Readonly<{ perSecond: number; ratio: number }>;
type Row = Readonly<Record<string, number | string | Peer>>;

const ours = 'feed: deliveries/s';

/** A broadcast that frames each message once for all, and writes it when it is told of it. */
const limit = { peer: 'plain', ratio: 0.9 };

/** The broadcasts that a row compares with, by name. */
const peersIn = (row: Row): readonly (readonly [string, Peer])[] =>
  Object.entries(row).flatMap(([name, value]) =>
    typeof value === 'object' ? [[name, value] as const] : [],
  );

/** The broadcast that has to hear from a store first: what is given where each event is stored before it is told. */
const floor = 'stored';

const floorOf = (row: Row): readonly Claim[] => {
  const of = Object.fromEntries(peersIn(row));
  const [told, stored] = [of[limit.peer], of[floor]];
  if (row.shape !== 'alone' || !told || !stored) return [];
  const figure = stored.perSecond / told.perSecond;
  return [{ what: `${floor} beside ${limit.peer}, ${labelOf(row)}`, figure }];
};

const labelOf = ({ clients, shape }: Row): string =>
  `${Number(clients).toLocaleString('en-US')} clients, ${shape}`;

export const feed: Comparison = {
  name: 'feed',
  title: 'Feed to many clients',
  method:
    'Events appended to a store and delivered by the feed over WebSockets, in turns with servers that broadcast with `ws` and frame each message once for all clients: `plain` writes each message when it is told of it, `joined` what it is told in one turn in one go, `stored` likewise what it hears from a store by the client of the store. Clients are a process of their own that counts what arrives. Events come ten in an append, sixteen appends on their way (`bursts`), one in an append, 64 on their way (`singles`), or one after the other has reached all (`alone`). [How it is measured](feed.md).',
  parts: (size) => [
    {
      script: 'feed/fan-out.js',
      args:
        size === 'full'
          ? ['--clients', '100,1000,5000', '--turns', '3', '--deliveries', '100000']
          : [
              ...['--clients', '10', '--turns', '1', '--deliveries', '200'],
              ...['--shapes', 'bursts', '--peers', 'plain'],
            ],
      minutes: 20,
      measured: 'lines',
    },
  ],
  findings: ([measured]) => {
    const rows = measured as readonly Row[];
    const names = peersIn(rows[0] ?? {}).map(([name]) => name);
    return {
      claims: rows.flatMap((row) => [
        ...peersIn(row)
          .filter(([name]) => name === limit.peer || row.shape === 'bursts')
          .map(([name, { ratio }]) => ({
            what: `deliveries a second beside ${name}, ${labelOf(row)}`,
            figure: ratio,
            ...(name === limit.peer && { atLeast: limit.ratio }),
          })),
        ...floorOf(row),
      ]),
      tables: [
        {
          title: 'Deliveries a second, and the feed as a share of each',
          columns: ['', 'feed', ...names.flatMap((name) => [name, 'share'])],
          rows: rows.map((row) => [
            ...[labelOf(row), Number(row[ours])],
            ...peersIn(row).flatMap(([, { perSecond, ratio }]) => [perSecond, ratio]),
          ]),
        },
      ],
      chart: {
        title: 'Deliveries a second',
        unit: 'a second',
        isMoreBetter: true,
        series: ['feed', ...names],
        groups: rows.map((row) => ({
          label: labelOf(row),
          values: [Number(row[ours]), ...peersIn(row).map(([, { perSecond }]) => perSecond)],
        })),
      },
      leftOut: [],
    };
  },
};

import type { Comparison } from '../harness/comparison.js';

type Peer = Readonly<{ perSecond: number; ratio: number }>;
type Row = Readonly<Record<string, number | string | Peer>>;

const ours = 'feed: deliveries/s';

/** The broadcasts that a row compares with, by name. */
const peersIn = (row: Row): readonly (readonly [string, Peer])[] => {
  const peers = Object.entries(row).flatMap(([name, value]) =>
    typeof value === 'object' ? [[name, value] as const] : [],
  );
  if (peers.length > 0) return peers;
  return [['ws', { perSecond: Number(row['ws broadcast']), ratio: Number(row.ratio) }]];
};

const labelOf = ({ clients, shape }: Row): string =>
  [`${Number(clients).toLocaleString('en-US')} clients`, ...(shape ? [shape] : [])].join(', ');

export const feed: Comparison = {
  name: 'feed',
  title: 'Feed to many clients',
  method:
    'Events appended to a store and delivered by the feed over WebSockets, in turns with servers that broadcast with `ws` and frame each message once for all clients; clients are a process of their own that counts what arrives. [How it is measured](feed.md).',
  parts: (size) => [
    {
      script: 'feed/fan-out.js',
      args:
        size === 'full'
          ? ['--clients', '100,1000,5000', '--turns', '3', '--deliveries', '100000']
          : ['--clients', '10', '--turns', '1', '--deliveries', '1000'],
      minutes: 8,
      measured: 'lines',
    },
  ],
  findings: ([measured]) => {
    const rows = measured as readonly Row[];
    const names = peersIn(rows[0] ?? {}).map(([name]) => name);
    const compared = rows.flatMap((row) =>
      peersIn(row).map(([name, peer]) => ({ label: labelOf(row), name, peer })),
    );
    return {
      claims: compared.map(({ label, name, peer }) => ({
        what: `deliveries a second beside ${name}, ${label}`,
        figure: peer.ratio,
      })),
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

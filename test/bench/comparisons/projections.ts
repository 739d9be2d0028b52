import type { Comparison } from '../harness/comparison.js';
import { median } from '../replay/support/median.js';

const drains = [
  ['raw/s', 'raw drain'],
  ['small/s', 'a drain that writes a small document'],
  ['copied/s', 'a drain that writes the same documents'],
] as const;
const ratios = [
  ['small beside raw', 'a drain that writes a small document an event beside a raw drain'],
  ['copied beside raw', 'a drain that writes the same documents beside a raw drain'],
  ['beside copied', 'all read models beside a drain that writes the same documents'],
] as const;
type Field = (typeof drains)[number][0] | 'folded/s' | 'ratio' | (typeof ratios)[number][0];
type Alone = Readonly<{ model: string; perSecond: number; ratio: number }>;
type CatchUp = Readonly<
  { what: string; events: number; alone: readonly Alone[] } & Record<Field, number>
>;
type Memory = Readonly<{
  events: number;
  perSecond: number;
  samples: readonly Readonly<{ heapMiB: number; residentMiB: number }>[];
}>;
type Emmett = Readonly<{ events?: number; perSecond?: number; leftOut: readonly string[] }>;

const leastRatio = 0.7;
/** Of the second half of the events beside the first. */
const mostGrowth = 1.25;

export const projections: Comparison = {
  name: 'projections',
  title: 'Read models catching up',
  method:
    "Read models built from the first event on, all of them together and some each by itself, in turns with a subscription of the store's client that hands out the same events and does nothing with them, with one that writes of each event a small document without an index, 1,000 at a time, and with one that writes the documents of all read models with their indexes, copied before, so that nothing is computed: how far anything can come that writes so much. Each begins once the stores are at rest, and ids are those that Forkline makes, of version 7. Memory: of a process that builds them all, its stores apart, after each tenth of the events, garbage collected. Emmett's consumer over PostgreSQL builds one read model, by Pongo, of one small document a stream.",
  parts: (size) => {
    const isFull = size === 'full';
    return [
      {
        script: 'core/projections.js',
        args: isFull ? [] : ['--scale', '0.005', '--rounds', '1'],
        minutes: 10,
      },
      {
        script: 'core/projections-memory.js',
        args: ['--events', isFull ? '1000000' : '10000'],
        minutes: 25,
      },
      { script: 'core/emmett-consumer.js', args: isFull ? [] : ['--streams', '2'], minutes: 10 },
    ];
  },
  findings: (measured) => {
    const [caughtUp = [], memory, emmett] = measured as readonly [
      ...[readonly CatchUp[] | undefined, Memory | undefined, Emmett | undefined],
    ];
    const kinds = [...new Set(caughtUp.map(({ what }) => what))];
    const of = (kind: string, field: Field) =>
      median(caughtUp.filter(({ what }) => what === kind).map((row) => row[field]));
    const alone = kinds.flatMap((kind) => {
      const turns = caughtUp.filter(({ what }) => what === kind).map((row) => row.alone);
      const medianOf = (model: string, field: 'perSecond' | 'ratio') =>
        median(
          turns
            .flatMap((each) => each.filter((one) => one.model === model))
            .map((one) => one[field]),
        );
      return (turns[0] ?? []).map(({ model }) => ({
        ...{
          kind,
          model,
          perSecond: medianOf(model, 'perSecond'),
          ratio: medianOf(model, 'ratio'),
        },
      }));
    });
    const samples = memory?.samples ?? [];
    const half = Math.floor(samples.length / 2);
    const growth = (field: 'heapMiB' | 'residentMiB') =>
      median(samples.slice(half).map((sample) => sample[field])) /
      median(samples.slice(0, half).map((sample) => sample[field]));
    const rows = kinds.map((kind) => ({
      label: kind,
      values: [...drains.map(([field]) => of(kind, field)), of(kind, 'folded/s')],
    }));
    const withEmmett = emmett?.perSecond === undefined ? [] : [emmett.perSecond];
    return {
      claims: [
        ...kinds.flatMap((kind) => [
          ...alone
            .filter((one) => one.kind === kind)
            .map(({ model, ratio }) => ({
              what: `catching up beside a raw drain, ${kind}, ${model} alone`,
              figure: ratio,
              atLeast: leastRatio,
            })),
          {
            what: `catching up beside a raw drain, ${kind}, all read models`,
            figure: of(kind, 'ratio'),
            atLeast: leastRatio,
          },
        ]),
        ...kinds.flatMap((kind) =>
          ratios.map(([field, what]) => ({ what: `${what}, ${kind}`, figure: of(kind, field) })),
        ),
        ...(memory
          ? (['heapMiB', 'residentMiB'] as const).map((field) => ({
              what: `${field === 'heapMiB' ? 'heap' : 'resident memory'} in the second half of ${memory.events.toLocaleString('en-US')} events beside the first`,
              figure: growth(field),
              atMost: mostGrowth,
            }))
          : []),
      ],
      tables: [
        {
          title: 'Events a second',
          columns: ['', ...drains.map(([, title]) => title), 'all read models', 'beside raw'],
          rows: rows.map(({ label, values }) => [label, ...values, of(label, 'ratio')]),
        },
        {
          title: 'One read model alone, events a second',
          columns: ['', 'read model', 'a second', 'beside raw'],
          rows: alone.map(({ kind, model, perSecond, ratio }) => [kind, model, perSecond, ratio]),
        },
        {
          title: 'Others, events a second',
          columns: ['', 'events', 'a second'],
          rows: [
            ...(memory ? [['Forkline, the long run', memory.events, memory.perSecond]] : []),
            ...withEmmett.map((rate) => ['Emmett and Pongo, one model', emmett?.events ?? 0, rate]),
          ],
        },
        {
          title: 'Memory after each tenth of the events, in MiB',
          columns: ['', ...samples.map((_, at) => `${(at + 1) * 10} %`)],
          rows: [
            ['heap', ...samples.map(({ heapMiB }) => heapMiB)],
            ['resident', ...samples.map(({ residentMiB }) => residentMiB)],
          ],
        },
      ],
      chart: {
        title: 'Events a second while catching up',
        unit: 'events a second',
        isMoreBetter: true,
        series: [
          ...drains.map(([, title]) => title),
          ...['Forkline, all read models', 'Forkline, one of a document a stream'],
          'Emmett and Pongo, one of a document a stream',
        ],
        groups: [
          ...rows.map(({ label, values }) => {
            const one = alone.find(({ kind }) => kind === label);
            return { label, values: [...values, one?.perSecond ?? null] };
          }),
          ...withEmmett.map((rate) => ({
            label: 'counting messages',
            values: [...drains.map(() => null), null, null, rate],
          })),
        ],
      },
      leftOut: emmett?.leftOut ?? [],
    };
  },
};

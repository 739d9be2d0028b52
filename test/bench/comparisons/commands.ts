import type { Comparison } from '../harness/comparison.js';
import type { Claim } from '../harness/findings.js';

const ways = ['raw', 'in process', 'over HTTP', 'bare express'] as const;
type Way = (typeof ways)[number];
type AgainstRaw = Readonly<{
  lengths: readonly number[];
  oneAtATime: readonly Readonly<{ what: Way; medians: readonly number[] }>[];
  rates: readonly Readonly<{
    inFlight: number;
    perSecond: Readonly<Record<Way, number>>;
    ratios: Readonly<Record<Exclude<Way, 'raw'>, number>>;
  }>[];
}>;
type Emmett = Readonly<{
  medians?: readonly number[];
  rates?: readonly Readonly<{ inFlight: number; perSecond: number }>[];
  leftOut: readonly string[];
}>;

const least = { 'in process': 0.9, 'over HTTP': 0.75 } as const;
const mostTimes = 1.2;
const bare = 'over HTTP by bare express';

export const commands: Comparison = {
  name: 'commands',
  title: 'Commands',
  method:
    "A command that posts a message, decided in the process of the bench and over HTTP by a program with stores of its own, beside an append of an event with the same bytes by the store's client, which decides nothing. Over HTTP by bare express: by the same client, to an express in a process of its own that appends the event and does nothing else, which is what HTTP takes of anything. One at a time: the first three in turn on streams of each length, medians. In flight: once all are warm, turns of so many at once, the median of the ratios of turns next to one another. Emmett's command handler runs in the process of the bench over PostgreSQL, after the others; it reads the whole stream for each command, Forkline keeps states in memory.",
  parts: (size) => {
    const sizes =
      size === 'full'
        ? ['--lengths', '10,1000,100000', '--rounds', '5', '--ms', '1500']
        : ['--lengths', '10,100', '--rounds', '1', '--ms', '200'];
    return [
      { script: 'commands/against-raw.js', args: sizes, minutes: 20 },
      { script: 'commands/emmett.js', args: sizes, minutes: 15 },
    ];
  },
  findings: (measured) => {
    const [ours, theirs] = measured as readonly [AgainstRaw | undefined, Emmett | undefined];
    const { lengths = [], oneAtATime = [], rates = [] } = ours ?? {};
    const emmett = 'Emmett, PostgreSQL';
    const series = ['raw', 'in process', 'over HTTP', bare, ...(theirs?.rates ? [emmett] : [])];
    const rows = rates.map(({ inFlight, perSecond }) => {
      const there = theirs?.rates?.find((rate) => rate.inFlight === inFlight);
      const of = ways.map((way) => perSecond[way]);
      return {
        label: `${inFlight} in flight`,
        values: [...of, ...(there ? [there.perSecond] : [])],
      };
    });
    const ratios = (['in process', 'over HTTP'] as const).flatMap((way) =>
      rates.map(
        (rate): Claim => ({
          what: `${way} beside the raw client, ${rate.inFlight} in flight`,
          figure: rate.ratios[way],
          atLeast: least[way],
        }),
      ),
    );
    const ofBare = rates.map(
      ({ inFlight, ratios }): Claim => ({
        what: `${bare} beside the raw client, ${inFlight} in flight`,
        figure: ratios['bare express'],
      }),
    );
    const flat = oneAtATime
      .filter(({ what }) => what !== 'raw')
      .map(
        ({ what, medians }): Claim => ({
          what: `${what}, ${lengths.at(-1)?.toLocaleString('en-US')} events beside ${lengths[0]}`,
          figure: (medians.at(-1) ?? Number.NaN) / (medians[0] ?? Number.NaN),
          atMost: mostTimes,
        }),
      );
    const times = [
      ...oneAtATime,
      ...(theirs?.medians ? [{ what: emmett, medians: theirs.medians }] : []),
    ];
    return {
      claims: [...ratios, ...ofBare, ...flat],
      tables: [
        {
          title: 'Commands a second',
          columns: ['', ...series],
          rows: rows.map(({ label, values }) => [label, ...values]),
        },
        {
          title: 'One command on a stream of so many events, median in ms',
          columns: ['', ...lengths.map((length) => length.toLocaleString('en-US'))],
          rows: times.map(({ what, medians }) => [what, ...medians]),
        },
      ],
      chart: {
        title: 'Commands a second',
        unit: 'a second',
        isMoreBetter: true,
        series,
        groups: rows,
      },
      leftOut: theirs?.leftOut ?? [],
    };
  },
};

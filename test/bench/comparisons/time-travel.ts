import type { Comparison } from '../harness/comparison.js';
import type { LengthCosts } from '../replay/lengths.js';

const mostTimes = 1.5;
const wanted = '10,1000,100000,1000000';

export const timeTravel: Comparison = {
  name: 'time-travel',
  title: 'Looking back and forking on long streams',
  method:
    'Over HTTP, in the middle of streams of different lengths, one stream after the other in turn, at another revision each time; medians. Limits are for the longest beside 1,000 events.',
  parts: (size) => [
    {
      script: 'replay/run.js',
      args: [
        ...['--without', 'run', '--without', 'peers'],
        ...(size === 'full'
          ? ['--lengths', wanted, '--rounds', '51']
          : ['--lengths', '10,200', '--rounds', '2']),
      ],
      minutes: 45,
    },
  ],
  findings: ([measured]) => {
    const { lengths, costs, eventsOfAFork } = measured as LengthCosts;
    const base = Math.max(0, lengths.includes(1_000) ? lengths.indexOf(1_000) : lengths.length - 2);
    const ratioOf = (medians: readonly number[]) =>
      (medians.at(-1) ?? Number.NaN) / (medians[base] ?? Number.NaN);
    const names = lengths.map((length) => length.toLocaleString('en-US'));
    return {
      claims: [
        ...costs.map(({ what, medians }) => ({
          what: `${what}, ${names.at(-1)} events beside ${names[base]}`,
          figure: ratioOf(medians),
          atMost: mostTimes,
        })),
        {
          what: 'events that a fork adds, on a stream of any length',
          figure: Math.max(...eventsOfAFork),
          atMost: 1,
        },
      ],
      tables: [
        {
          title: 'Median in ms on a stream of so many events',
          columns: ['', ...names, 'times'],
          rows: costs.map(({ what, medians }) => [what, ...medians, ratioOf(medians)]),
        },
      ],
      chart: {
        title: 'In the middle of a stream of so many events',
        unit: 'ms',
        isMoreBetter: false,
        series: names,
        groups: costs.map(({ what, medians }) => ({ label: what, values: medians })),
      },
      leftOut: [],
    };
  },
};

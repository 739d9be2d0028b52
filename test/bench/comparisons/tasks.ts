import type { Comparison } from '../harness/comparison.js';

type Measured = Readonly<{
  rates: readonly Readonly<{
    inFlight: number;
    systems: readonly Readonly<{ name: string; perSecond: number }>[];
  }>[];
  latency: readonly Readonly<{
    rate: number;
    systems: readonly Readonly<{ name: string; p50: number; p99: number }>[];
  }>[];
  leftOut: readonly string[];
}>;

const ours = 'Forkline';
/** What a task takes where each of its three events is appended when it happens. */
const floor = 'three appends';

export const tasks: Comparison = {
  name: 'tasks',
  title: 'Tasks',
  method:
    'Tasks that do nothing: submitted, carried out by workers, completed, all of it on disk before it is confirmed. Forkline through its client and the worker of the client, over HTTP and with its stores in processes of their own; BullMQ over Redis with `appendfsync always`; pg-boss over PostgreSQL, by `fetch` and `complete`, asking again 5 ms after there was nothing, as its own workers ask twice a second at most. `three appends`: by the client of the event store, when a task is submitted, claimed and completed, workers woken in memory, and nothing else: what is given where each of the three events of a task is appended to its stream when it happens. (Forkline appends the first two at once where a worker waits.) Clients and workers are in the process of the bench. Before anything counts each system carries out 5,000 tasks, 10 in flight, for at most 20 s, and one turn with each number in flight. In flight: so many submitters, each of which waits until its task is completed, in turns, medians. Latency: so many submitted a second, evenly, whatever becomes of those before; from the submission to its completion.',
  parts: (size) => [
    {
      script: 'queue/against-peers.js',
      args:
        size === 'full'
          ? ['--in-flight', '1,10,100', '--rates', '100,500', '--rounds', '3', '--ms', '3000']
          : [
              ...['--in-flight', '2', '--rates', '20', '--rounds', '1', '--ms', '200'],
              ...['--warm-up', '20'],
            ],
      minutes: 20,
    },
  ],
  findings: ([measured]) => {
    const { rates, latency, leftOut } = measured as Measured;
    const names = rates[0]?.systems.map(({ name }) => name) ?? [];
    const values = (systems: Measured['rates'][number]['systems']) =>
      systems.map(({ perSecond }) => perSecond);
    return {
      claims: rates.flatMap(({ inFlight, systems }) => {
        const rateOf = (wanted: string) =>
          systems.find(({ name }) => name === wanted)?.perSecond ?? Number.NaN;
        const beside = (what: string, name: string, peer: string) => ({
          what: `${what} beside ${peer}, ${inFlight} in flight`,
          figure: rateOf(name) / rateOf(peer),
        });
        const peers = names.filter((name) => name !== ours && name !== floor);
        return [
          ...peers.map((peer) => ({
            ...beside('tasks a second', ours, peer),
            // With one in flight nothing is said of Redis, which keeps tasks in memory.
            ...((inFlight > 1 || peer === 'pg-boss') && { atLeast: 1 }),
          })),
          ...peers.map((peer) => beside(floor, floor, peer)),
          beside('tasks a second', ours, floor),
        ];
      }),
      tables: [
        {
          title: 'Tasks a second',
          columns: ['in flight', ...names],
          rows: rates.map(({ inFlight, systems }) => [`${inFlight}`, ...values(systems)]),
        },
        {
          title: 'From submission to completion in ms, median and 99 of 100',
          columns: ['submitted a second', ...names.flatMap((name) => [name, 'p99'])],
          rows: latency.map(({ rate, systems }) => [
            ...[`${rate}`, ...systems.flatMap(({ p50, p99 }) => [p50, p99])],
          ]),
        },
      ],
      chart: {
        title: 'Tasks a second',
        unit: 'a second',
        isMoreBetter: true,
        series: names,
        groups: rates.map(({ inFlight, systems }) => ({
          label: `${inFlight} in flight`,
          values: values(systems),
        })),
      },
      leftOut,
    };
  },
};

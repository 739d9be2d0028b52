import type { Comparison } from '../harness/comparison.js';

type Memory = Readonly<{ resident: number; own: number; ofFiles: number }>;
type Measured = Readonly<{
  events: number;
  medianMs: number;
  times: readonly number[];
  memory: Memory;
  memoryEmpty: Memory;
}>;

const most = { ms: 1_500, residentMiB: 200 };

export const start: Comparison = {
  name: 'start',
  title: 'Start and idle memory',
  method:
    'From starting the process until `GET /readyz` answers 200, with embedded stores that hold so many events and the read models of them, the first start not counted; then what the process, stores included, takes after 15 seconds in which nobody asks anything of it. Pages of mapped files count as resident, though the system takes them back when it needs them.',
  parts: (size) => [
    {
      script: 'start/cold-start.js',
      args:
        size === 'full'
          ? ['--events', '100000', '--rounds', '7', '--idle', '15']
          : ['--events', '50', '--rounds', '1', '--idle', '0'],
      minutes: 20,
    },
  ],
  findings: ([measured]) => {
    const { events, medianMs, times, memory, memoryEmpty } = measured as Measured;
    const stored = `${events.toLocaleString('en-US')} events stored`;
    const memories = [
      [`idle, ${stored}`, memory],
      ['idle, nothing stored', memoryEmpty],
    ] as const;
    return {
      claims: [
        { what: `from start to ready, ${stored}`, figure: medianMs, unit: 'ms', atMost: most.ms },
        {
          what: `memory while idle, ${stored}`,
          figure: memory.resident,
          unit: 'MiB',
          atMost: most.residentMiB,
        },
      ],
      tables: [
        {
          title: 'From start to ready, in ms',
          columns: ['', 'median', 'least', 'most'],
          rows: [[stored, medianMs, Math.min(...times), Math.max(...times)]],
        },
        {
          title: 'Resident memory in MiB',
          columns: ['', 'in all', 'its own', 'mapped files and code'],
          rows: memories.map(([what, { resident, own, ofFiles }]) => [
            ...[what, resident, own, ofFiles],
          ]),
        },
      ],
      chart: {
        title: 'Resident memory while idle',
        unit: 'MiB',
        isMoreBetter: false,
        series: ['in all', 'its own', 'mapped files and code', 'limit'],
        groups: memories.map(([label, { resident, own, ofFiles }]) => ({
          label,
          values: [resident, own, ofFiles, most.residentMiB],
        })),
      },
      leftOut: [],
    };
  },
};

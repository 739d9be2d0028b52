import type { Comparison } from '../harness/comparison.js';
import type { RunCost } from '../replay/agent-run.js';

type Measured = Readonly<{
  steps: number;
  runs: readonly RunCost[];
  leftOut: readonly string[];
}>;

const mostBytes = 3 * 1024;

export const langGraph: Comparison = {
  name: 'langgraph',
  title: 'A run of an agent beside LangGraph',
  method:
    'A run of so many steps, each a message of 500 bytes and a checkpoint. Forkline over HTTP between processes, with the messages in the session and, as LangGraph has them, in the state of each checkpoint too; LangGraph by calls within one process. Forks and states are in the middle of the run, medians. Bytes: what the folders of both stores have grown by, search index and snapshots included; of SQLite its file; in memory the serialized checkpoints.',
  parts: (size) => {
    const sizes =
      size === 'full' ? ['--steps', '1000', '--rounds', '31'] : ['--steps', '10', '--rounds', '2'];
    return [
      {
        script: 'replay/run.js',
        args: ['--without', 'lengths', '--without', 'peers', ...sizes],
        minutes: 20,
      },
      {
        script: 'replay/run.js',
        args: ['--without', 'lengths', '--without', 'run', ...sizes],
        minutes: 20,
      },
    ];
  },
  findings: (measured) => {
    const parts = (measured as readonly (Measured | undefined)[]).filter(
      (part) => part !== undefined,
    );
    const runs = parts.flatMap((part) => part.runs);
    const [ours] = runs.filter(({ eventStore }) => eventStore !== undefined);
    const peers = runs.filter(({ eventStore }) => eventStore === undefined);
    const fields = ['fork', 'state', 'history'] as const;
    return {
      claims: ours
        ? [
            { what: 'bytes a step', figure: ours.bytesPerStep, unit: 'bytes', atMost: mostBytes },
            ...peers.map(({ what, bytesPerStep }) => ({
              what: `bytes a step beside ${what}`,
              figure: ours.bytesPerStep / bytesPerStep,
              atMost: 1,
            })),
          ]
        : [],
      tables: [
        {
          title: `A run of ${parts[0]?.steps ?? 0} steps: medians in ms, and bytes a step`,
          columns: ['', 'fork', 'state', 'full history', 'bytes a step', 'event store', 'MongoDB'],
          rows: runs.map(({ what, fork, state, history, bytesPerStep, eventStore, mongodb }) => [
            ...[what, fork, state, history, bytesPerStep, eventStore ?? '', mongodb ?? ''],
          ]),
        },
      ],
      chart: {
        title: 'Fork, state and full history of a run',
        unit: 'ms',
        isMoreBetter: false,
        series: runs.map(({ what }) => what),
        groups: fields.map((field) => ({
          label: field === 'history' ? 'full history' : field,
          values: runs.map((run) => run[field]),
        })),
      },
      leftOut: parts.flatMap((part) => part.leftOut),
    };
  },
};

import type { Command } from 'commander';
import type { ProjectionStatus } from '../client/client.js';
import { contextOf } from './context.js';
import { type Column, tableOf } from './table.js';

const shown = (value: number | string | null | undefined): string =>
  value === null || value === undefined ? '-' : String(value);

const columns: readonly Column<ProjectionStatus>[] = [
  { title: 'NAME', text: ({ name, version }) => (version ? `${name} v${version}` : name) },
  { title: 'KIND', text: ({ kind }) => kind },
  { title: 'POSITION', text: ({ position }) => shown(position), align: 'right' },
  { title: 'LAG', text: ({ lagEvents }) => shown(lagEvents), align: 'right' },
  {
    title: 'SECONDS',
    text: ({ lagSeconds }) => shown(lagSeconds?.toFixed(1)),
    align: 'right',
  },
  { title: 'PARKED', text: ({ parked }) => String(parked), align: 'right' },
  { title: 'STATE', text: (item) => stateOf(item) },
];

const stateOf = ({ stuck, rebuild }: ProjectionStatus): string => {
  const state = stuck ? 'stuck' : 'ok';
  if (rebuild?.state === 'stopped') return `${state}, rebuild stopped`;
  if (rebuild?.state !== 'building') return state;
  const percent = (100 * Number(rebuild.position)) / Math.max(Number(rebuild.head), 1);
  return `${state}, rebuilding ${Math.floor(percent)} %`;
};

/** `forkline projections` */
export const registerProjections = (program: Command): void => {
  program
    .command('projections')
    .description('show how far read models and reactions are, and what they have put aside')
    .action(async (_options: object, command: Command) => {
      const { client, isJson, terminal } = contextOf(command);
      const { items } = await client.operations.projections();
      if (isJson) return terminal.print(JSON.stringify(items));
      const table = tableOf(columns, items, terminal.paint, terminal.width);
      terminal.print(table.heading);
      for (const item of items) terminal.print(table.line(item));
    });
};

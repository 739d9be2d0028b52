import type { Command } from 'commander';
import type { ProjectionStatus, ReactionStatus } from '../client/client.js';
import { contextOf } from './context.js';
import { type Column, tableLines } from './table.js';

const shown = (value: number | string | null | undefined): string =>
  value === null || value === undefined ? '-' : String(value);

type Shown = ReactionStatus | ProjectionStatus;

/** What only projections have. */
const ofProjection = (item: Shown): Partial<ProjectionStatus> =>
  item.kind === 'projection' ? item : {};

const columns: readonly Column<Shown>[] = [
  { title: 'NAME', text: (item) => nameOf(item) },
  { title: 'KIND', text: ({ kind }) => kind },
  { title: 'POSITION', text: (item) => shown(ofProjection(item).position), align: 'right' },
  { title: 'LAG', text: (item) => shown(ofProjection(item).lagEvents), align: 'right' },
  {
    title: 'SECONDS',
    text: (item) => shown(ofProjection(item).lagSeconds?.toFixed(1)),
    align: 'right',
  },
  { title: 'PARKED', text: ({ parked }) => String(parked), align: 'right' },
  { title: 'STATE', text: (item) => stateOf(item) },
];

const nameOf = (item: Shown): string =>
  item.kind === 'projection' ? `${item.name} v${item.version}` : item.name;

const stateOf = (item: Shown): string => {
  const { rebuild } = ofProjection(item);
  const state = item.stuck ? 'stuck' : 'ok';
  if (rebuild?.state === 'stopped') return `${state}, rebuild stopped`;
  if (rebuild?.state !== 'building') return state;
  const percent = (100 * Number(rebuild.position)) / Math.max(Number(rebuild.head), 1);
  return `${state}, rebuilding ${Math.floor(percent)} %`;
};

/** Adds the command `forkline projections`. */
export const registerProjections = (program: Command): void => {
  program
    .command('projections')
    .description('show how far read models and reactions are, and what they have put aside')
    .action(async (_options: object, command: Command) => {
      const { client, isJson, terminal } = contextOf(command);
      const { items } = await client.operations.projections();
      if (isJson) return terminal.print(JSON.stringify(items));
      for (const line of tableLines(columns, items, terminal)) terminal.print(line);
    });
};

import { execution } from '../domain/execution.js';
import { session } from '../domain/session.js';
import { load, type Sources } from '../eventstore/load.js';
import type { ImportIds } from './import-ids.js';
import { executionsOf } from './import-plan.js';
import { ImportRefused } from './import-refused.js';
import type { RecordedExecution, RecordedRun } from './recorded-run.js';

/**
 * Whether a run was imported whole before. An import goes in order, so the last of everything says
 * that all is there: two reads instead of two commands a step.
 *
 * @throws ImportRefused when its session was deleted since, StreamTombstoned when it was for good
 */
export const isImported = async (
  run: RecordedRun,
  ids: ImportIds,
  sources: Sources,
): Promise<boolean> => {
  const last = run.messages.length - 1;
  const keys = last < 0 ? [] : [ids.message(last)];
  const { state } = await load(sources, session, `${session.category}-${ids.session}`, { keys });
  if (state.status === 'absent') return false;
  if (state.deleted) throw new ImportRefused('session-deleted', ids.session);
  if (!keys.every((key) => state.messages.has(key))) return false;
  const isOver = ['completed', 'failed', 'terminated'].includes(state.status);
  if (run.sessionStatus !== 'active' && !isOver) return false;

  for (const [at, recorded] of executionsOf(run).entries())
    if (!(await isExecutionImported(recorded, at, ids, sources))) return false;
  return true;
};

const isExecutionImported = async (
  { steps, outcome }: RecordedExecution,
  at: number,
  ids: ImportIds,
  sources: Sources,
): Promise<boolean> => {
  const stream = `${execution.category}-${ids.execution(at)}`;
  const keys = steps.length === 0 ? [] : [ids.checkpoint(at, steps.length - 1)];
  const { state } = await load(sources, execution, stream, { keys });
  if (state.status === 'absent') return false;
  // One that somebody else has finished takes no checkpoints any more.
  if (state.status !== 'running') return true;
  const isLastThere = keys.every((key) => state.checkpoints.has(key));
  return outcome.status === 'running' && isLastThere;
};

import { execution } from '../domain/execution.js';
import { session } from '../domain/session.js';
import { fold } from '../eventstore/fold.js';
import type { Streams } from '../eventstore/lineage.js';
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
  streams: Streams,
): Promise<boolean> => {
  const { state } = await fold(streams, session, `${session.category}-${ids.session}`);
  if (state.status === 'absent') return false;
  if (state.deleted) throw new ImportRefused('session-deleted', ids.session);
  const last = run.messages.length - 1;
  if (last >= 0 && !state.messages.has(ids.message(last))) return false;
  const isOver = ['completed', 'failed', 'terminated'].includes(state.status);
  if (run.sessionStatus !== 'active' && !isOver) return false;

  for (const [at, recorded] of executionsOf(run).entries())
    if (!(await isExecutionImported(recorded, at, ids, streams))) return false;
  return true;
};

const isExecutionImported = async (
  { steps, outcome }: RecordedExecution,
  at: number,
  ids: ImportIds,
  streams: Streams,
): Promise<boolean> => {
  const stream = `${execution.category}-${ids.execution(at)}`;
  const { state } = await fold(streams, execution, stream);
  if (state.status === 'absent') return false;
  // One that somebody else has finished takes no checkpoints any more.
  if (state.status !== 'running') return true;
  const isLastThere =
    steps.length === 0 || state.checkpoints.has(ids.checkpoint(at, steps.length - 1));
  return outcome.status === 'running' && isLastThere;
};

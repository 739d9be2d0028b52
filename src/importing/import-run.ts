import { AppendTooLarge, StreamTombstoned } from '../eventstore/event-store.js';
import type { Streams } from '../eventstore/lineage.js';
import { noSnapshots, type Snapshots } from '../eventstore/snapshots.js';
import { carryOut, type ImportHandlers, type ImportRequest } from './carry-out.js';
import { executionsOf, importPlan } from './import-plan.js';
import { ImportRefused } from './import-refused.js';
import { isImported } from './is-imported.js';
import type { RecordedRun } from './recorded-run.js';

export type ImportDependencies = ImportHandlers &
  Readonly<{
    streams: Streams;
    /** What states are loaded from, beside the events; none by default. */
    snapshots?: Snapshots;
  }>;

export type ImportedRun = Readonly<{
  sessionId: string;
  executionId: string;
  /** How many messages and checkpoints the run has, whether they were added now or were there before. */
  messages: number;
  checkpoints: number;
  /** Events added by this import; 0 when the run was there. */
  added: number;
  warnings: readonly string[];
}>;

/** How many messages and checkpoints of the run are in. */
export type ImportProgress = Readonly<{ messages: number; checkpoints: number }>;

/**
 * Turns a recorded run into a session and its executions through the command handlers. All ids are
 * made from the user and the run's key: a run that is there adds nothing, and one whose import was
 * cut off is completed. What was changed by hand since (a title, an edited message) stays.
 *
 * @param onProgress called after each step of the import
 * @throws ImportRefused, and what the handlers throw: StoreUnavailable, RevisionConflict
 */
export const importRun = async (
  run: RecordedRun,
  request: ImportRequest,
  dependencies: ImportDependencies,
  onProgress: (progress: ImportProgress) => void = () => {},
): Promise<ImportedRun> => {
  const { ids, actions } = importPlan(run, request.caller.userId);
  const checkpoints = executionsOf(run).reduce((sum, { steps }) => sum + steps.length, 0);
  const imported = {
    sessionId: ids.session,
    executionId: ids.execution(0),
    messages: run.messages.length,
    checkpoints,
    warnings: run.warnings,
  };
  try {
    const { streams, snapshots = noSnapshots } = dependencies;
    if (await isImported(run, ids, { streams, snapshots })) {
      onProgress({ messages: run.messages.length, checkpoints });
      return { ...imported, added: 0 };
    }
    let added = 0;
    const progress = { messages: 0, checkpoints: 0 };
    for (const action of actions) {
      added += await carryOut(action, ids.session, request, dependencies);
      for (const { type } of action.commands) {
        if (type === 'PostMessage') progress.messages++;
        if (type === 'SaveCheckpoint') progress.checkpoints++;
      }
      onProgress({ ...progress });
    }
    return { ...imported, added };
  } catch (error) {
    if (error instanceof StreamTombstoned)
      throw new ImportRefused('stream-tombstoned', ids.session);
    if (error instanceof AppendTooLarge) throw new ImportRefused('append-too-large', ids.session);
    throw error;
  }
};

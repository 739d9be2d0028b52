import { eventId } from '../../commands/event-id.js';
import { forkStream } from '../../commands/fork.js';
import { type ExecutionCommand, execution } from '../../domain/execution.js';
import type { JsonObject } from '../../domain/json.js';
import { mergeObject } from '../../domain/merge-patch.js';
import { type CheckpointDetail, findCheckpoint } from '../../queries/checkpoints.js';
import { written } from '../answers.js';
import type { RequestContext } from '../context.js';
import type { FamilyGate } from '../family-gate.js';
import { Problem } from '../problem.js';
import type { Answer } from '../route.js';
import type { Services } from '../services.js';
import { headOf, visibleStream } from '../visible-stream.js';

export type Replay = Readonly<{
  /** Merged into the checkpoint's state (RFC 7396). */
  modifications?: JsonObject;
  reason?: string;
  /** Puts the next stage on its queue; the fork stands still otherwise. */
  resume: boolean;
}>;

/**
 * Forks an execution at one of its checkpoints. The modified state and the next stage's dispatch are
 * written together with the fork: all of it, or no fork at all.
 */
export const replayCheckpoint = async (
  { streams, snapshots, collections }: Services,
  gate: FamilyGate,
  originalCheckpointId: string,
  replay: Replay,
  { caller, command, newId }: RequestContext,
): Promise<Answer> => {
  const checkpoint = await findCheckpoint(collections, caller, originalCheckpointId);
  if (!checkpoint) throw new Problem('checkpoint-not-found');
  const { executionId, revision } = checkpoint;
  const { stream, session } = await visibleStream(streams, `execution-${executionId}`, caller);
  if (command.ifRevision !== undefined) await headOf(streams, stream, command.ifRevision);

  const savedId = eventId(command.commandId, -1);
  const taskId = eventId(command.commandId, -2);
  const save = modified(checkpoint, replay.modifications, savedId);
  const fork = {
    of: executionId,
    at: revision,
    id: newId,
    amendments: [
      ...(save ? [save] : []),
      ...(replay.resume ? [{ type: 'ResumeExecution', taskId } as const] : []),
    ],
    ...(replay.reason !== undefined && { reason: replay.reason }),
  };
  const outcome = await gate.add(session, () =>
    forkStream(streams, execution, fork, command, snapshots),
  );
  return written(outcome, {
    created: `/v1/executions/${newId}`,
    more: {
      originalCheckpointId,
      executionId: newId,
      checkpointId: save ? savedId : originalCheckpointId,
      ...(replay.resume && { taskId }),
    },
  });
};

/** The same stage's checkpoint with another state. What it took to make the original is the original's. */
const modified = (
  { agent, stage, stageOrder, state, outputs }: CheckpointDetail,
  modifications: JsonObject = {},
  checkpointId: string,
): Extract<ExecutionCommand, { type: 'SaveCheckpoint' }> | undefined =>
  Object.keys(modifications).length === 0
    ? undefined
    : {
        type: 'SaveCheckpoint',
        checkpointId,
        agent,
        stage,
        stageOrder,
        state: mergeObject(state, modifications),
        ...(outputs !== undefined && { outputs }),
      };

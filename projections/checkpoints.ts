import type { CheckpointHead, ExecutionEvent } from '../src/domain/execution.js';
import type { StoredState } from '../src/domain/stored-state.js';
import { withFields } from '../src/fields.js';
import type { Projection } from '../src/projecting/projection.js';

/** A checkpoint as stored: its state in full, or as what changed since the checkpoint before. */
export type CheckpointDocument = CheckpointHead &
  StoredState &
  Readonly<{
    stream: string;
    /** In the archive of a detached fork: the stream that it was saved in. */
    writtenIn?: string;
    /** Revision of the event that saved it: its place among the execution's checkpoints. */
    seq: number;
    userId: string;
    createdAt: string;
  }>;

/** The checkpoints of executions, by revision. */
export const checkpoints: Projection<CheckpointDocument, ExecutionEvent> = {
  name: 'checkpoints',
  version: 2,
  ranged: true,
  category: 'execution',
  indexes: [
    { key: { stream: 1, seq: 1, from: 1 } },
    { key: { checkpointId: 1 } },
    // In which two runs are compared, stage by stage.
    { key: { stream: 1, stageOrder: 1, seq: 1 } },
  ],
  key: ({ stream, data }) =>
    'checkpointId' in data ? `${stream}/${data.checkpointId}` : undefined,
  begins: ({ type }) => type === 'CheckpointSaved',
  on: {
    CheckpointSaved: (_, { data, stream, revision, created, metadata }) =>
      withFields(data, { stream, seq: revision, userId: metadata.ownerId, createdAt: created }),
  },
};

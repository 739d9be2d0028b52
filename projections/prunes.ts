import type { ExecutionEvent } from '../src/domain/execution.js';
import type { Projection } from '../src/projecting/projection.js';

/** Up to which revision an execution's checkpoints are pruned. */
export type PruneDocument = Readonly<{ stream: string; through: number }>;

/**
 * What was pruned, by revision: lists leave the checkpoints out that were pruned as of theirs. The
 * rows of the checkpoints stay: forks and earlier revisions show them, and later deltas build on them.
 */
export const prunes: Projection<PruneDocument, ExecutionEvent> = {
  name: 'prunes',
  version: 2,
  ranged: true,
  category: 'execution',
  indexes: [{ key: { stream: 1, from: -1 } }],
  key: ({ stream }) => stream,
  on: { CheckpointsPruned: (_, { data: { through }, stream }) => ({ stream, through }) },
};

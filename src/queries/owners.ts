import type { Collections } from './collections.js';

/** The owners of streams, and of the streams that hold checkpoints. What does not exist is left out. */
export const ownersOf = async (
  { streams, checkpoints }: Pick<Collections, 'streams' | 'checkpoints'>,
  named: Readonly<{ streams: readonly string[]; checkpoints: readonly string[] }>,
): Promise<readonly Readonly<{ stream: string; userId: string }>[]> => {
  const fields = { projection: { stream: 1, userId: 1 } } as const;
  const known =
    named.streams.length === 0
      ? []
      : await streams.find({ _id: { $in: [...named.streams] } }, fields).toArray();
  const saved =
    named.checkpoints.length === 0
      ? []
      : await checkpoints
          .find({ checkpointId: { $in: [...named.checkpoints] } }, fields)
          .sort({ position: 1, _id: 1 })
          .limit(1)
          .toArray();
  return [...known, ...saved].map(({ stream, userId }) => ({ stream, userId }));
};

import type { Db } from 'mongodb';

/** How far each read model has come: the position of the last event whose effect is in it. */
export type Checkpoints = Readonly<{
  /** Positions by collection name; a model not begun yet is not in it. */
  load(names: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Keeps that models have come so far. A later position stays. */
  save(names: readonly string[], position: number): Promise<void>;
}>;

type Checkpoint = { _id: string; position: number };

/** Keeps checkpoints in the same database as the models, so that both are lost or kept together. */
export const checkpointsIn = (db: Db): Checkpoints => {
  const collection = db.collection<Checkpoint>('projection_checkpoints');
  return {
    load: async (names) => {
      const found = await collection.find({ _id: { $in: [...names] } }).toArray();
      return new Map(found.map(({ _id, position }) => [_id, position]));
    },
    save: async (names, position) => {
      const _id = { $in: [...names] };
      const { matchedCount } = await collection.updateMany({ _id }, { $max: { position } });
      if (matchedCount === names.length) return;
      await collection.bulkWrite(
        names.map((_id) => ({
          updateOne: { filter: { _id }, update: { $max: { position } }, upsert: true },
        })),
        { ordered: false },
      );
    },
  };
};

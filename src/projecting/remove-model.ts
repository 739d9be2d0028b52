import type { Db } from 'mongodb';

/** Removes a collection of a read model, and all that belongs to it. */
export const removeModel = async (db: Db, collection: string): Promise<void> => {
  const ofIt = { kind: 'projection', name: collection };
  await db.collection<{ _id: string }>('projection_checkpoints').deleteOne({ _id: collection });
  await db.collection('parked').deleteMany(ofIt);
  await db.collection('parked_lanes').deleteMany(ofIt);
  // One that is not there is dropped without an error.
  await db.dropCollection(`${collection}_history`);
  await db.dropCollection(collection);
};

import { expect } from '@jest/globals';
import { deserialize } from 'bson';
import type { Db } from 'mongodb';
import { projections } from '../../../projections/index.js';
import type { AnyProjection } from '../../../src/projecting/projection.js';
import { collectionName } from '../../../src/projecting/read-model.js';
import { caughtUp, startTestRunner } from './runners.js';
import type { StoreClients } from './stores.js';

/** Every collection that the runner writes for the projections, named by a function. */
const collectionsOf = (nameOf: (projection: AnyProjection) => string): readonly string[] =>
  projections.flatMap((projection) =>
    projection.inherits
      ? [nameOf(projection), `${nameOf(projection)}_history`]
      : nameOf(projection),
  );

/** The documents of a collection by `_id`, as the bytes they are. */
const bytesOf = async (db: Db, name: string): Promise<readonly string[]> => {
  const found = await db.collection(name).find({}, { raw: true }).sort({ _id: 1 }).toArray();
  return found.map((raw) => Buffer.from(raw as unknown as Uint8Array).toString('base64'));
};

const shown = (bytes: readonly string[]) =>
  bytes.map((each) => deserialize(Buffer.from(each, 'base64')));

/** Builds every read model anew, beside the ones that are there. */
export const rebuild = async (stores: StoreClients, name: string): Promise<void> => {
  const runner = await startTestRunner(stores, {
    collectionOf: (projection) => `${name}_${projection.name}`,
  });
  await caughtUp(runner, stores);
  await runner.stop();
};

/**
 * Expects the read models to be those of a rebuild from the first event, byte for byte.
 *
 * @param name of the rebuild
 * @param serving which collection a projection's documents are in
 * @returns how many documents there are
 */
export const expectAsRebuilt = async (
  stores: StoreClients,
  name: string,
  serving: (projection: AnyProjection) => string = collectionName,
): Promise<number> => {
  await rebuild(stores, name);
  const live = collectionsOf(serving);
  const rebuilt = collectionsOf((projection) => `${name}_${projection.name}`);
  let count = 0;
  for (const [index, collection] of live.entries()) {
    const is = await bytesOf(stores.db, collection);
    const wanted = await bytesOf(stores.db, rebuilt[index] ?? '');
    if (is.join() !== wanted.join()) {
      expect({ collection, documents: shown(is) }).toEqual({
        collection,
        documents: shown(wanted),
      });
      expect(is).toEqual(wanted);
    }
    count += is.length;
  }
  return count;
};

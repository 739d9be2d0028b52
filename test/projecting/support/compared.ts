import { deserialize } from 'bson';
import type { Db, Document } from 'mongodb';
import { projections } from '../../../projections/index.js';
import type { AnyProjection } from '../../../src/projecting/projection.js';
import { collectionName } from '../../../src/projecting/read-model.js';
import { caughtUp, startTestRunner } from './runners.js';
import type { StoreClients } from './stores.js';

/** A document that is not the same in both; undefined where it is missing. */
export type Difference = Readonly<{
  id: string;
  is: Document | undefined;
  wanted: Document | undefined;
}>;

/** A collection of a read model, beside what a rebuild makes of it. */
export type Compared = Readonly<{
  collection: string;
  documents: number;
  differences: readonly Difference[];
}>;

/** Every collection that the runner writes for the projections, named by a function. */
const collectionsOf = (nameOf: (projection: AnyProjection) => string): readonly string[] =>
  projections.flatMap((projection) =>
    projection.inherits
      ? [nameOf(projection), `${nameOf(projection)}_history`]
      : nameOf(projection),
  );

/** The documents of a collection by `_id`, as the bytes they are. */
const bytesOf = async (db: Db, name: string): Promise<ReadonlyMap<string, Buffer>> => {
  const found = await db.collection(name).find({}, { raw: true }).toArray();
  return new Map(
    found.map((raw) => {
      const bytes = Buffer.from(raw as unknown as Uint8Array);
      return [JSON.stringify(deserialize(bytes)._id), bytes];
    }),
  );
};

const shown = (bytes: Buffer | undefined): Document | undefined => bytes && deserialize(bytes);

/** Builds every read model anew, beside the ones that are there. */
const rebuild = async (stores: StoreClients, name: string): Promise<void> => {
  const runner = await startTestRunner(stores, {
    collectionOf: (projection) => `${name}_${projection.name}`,
  });
  await caughtUp(runner, stores);
  await runner.stop();
};

/**
 * Compares the read models with those of a rebuild from the first event, byte for byte.
 *
 * @param name of the rebuild
 * @param serving which collection a projection's documents are in
 */
export const compareWithRebuild = async (
  stores: StoreClients,
  name: string,
  serving: (projection: AnyProjection) => string = collectionName,
): Promise<readonly Compared[]> => {
  await rebuild(stores, name);
  const live = collectionsOf(serving);
  const rebuilt = collectionsOf((projection) => `${name}_${projection.name}`);
  const compared: Compared[] = [];
  for (const [index, collection] of live.entries()) {
    const is = await bytesOf(stores.db, collection);
    const wanted = await bytesOf(stores.db, rebuilt[index] ?? '');
    const ids = [...new Set([...is.keys(), ...wanted.keys()])];
    const isSame = (id: string) => {
      const other = wanted.get(id);
      return other !== undefined && is.get(id)?.equals(other) === true;
    };
    const differences = ids
      .filter((id) => !isSame(id))
      .map((id) => ({ id, is: shown(is.get(id)), wanted: shown(wanted.get(id)) }));
    compared.push({ collection, documents: is.size, differences });
  }
  return compared;
};

import type { Collection } from '../catalogue.js';
import { segmentRange } from '../catalogue.js';
import { type Command, type Context, namespaceOf } from '../context.js';

const statsOf = ({ store }: Context, collection: Collection | undefined) => {
  let size = 0;
  let count = 0;
  // Sizes are not kept anywhere, and these commands are for a person who looks: a few thousand
  // documents stand for all.
  for (const { value } of collection ? store.entries(segmentRange(collection.segment)) : []) {
    size += value.length;
    if (++count === 5000) break;
  }
  const avgObjSize = count === 0 ? 0 : Math.round(size / count);
  const total = collection ? store.count(segmentRange(collection.segment)) : 0;
  return { count: total, size: avgObjSize * total, avgObjSize };
};

/** The command `collStats`. */
export const collStats: Command = (context, request) => {
  const ns = namespaceOf(request);
  const collection = context.catalogue.find(ns);
  const stats = statsOf(context, collection);
  const names = collection?.indexes.map(({ name }) => name) ?? [];
  return {
    ns,
    ...stats,
    storageSize: stats.size,
    nindexes: names.length,
    indexSizes: Object.fromEntries(names.map((name) => [name, 0])),
    totalIndexSize: 0,
    totalSize: stats.size,
    scaleFactor: 1,
    capped: false,
    ok: 1,
  };
};

/** The command `dbStats`. */
export const dbStats: Command = (context, { db }) => {
  const collections = context.catalogue.list(db);
  const stats = collections.map((collection) => statsOf(context, collection));
  const objects = stats.reduce((sum, { count }) => sum + count, 0);
  const dataSize = stats.reduce((sum, { size }) => sum + size, 0);
  const totalSize = context.store.sizeOnDisk();
  return {
    db,
    collections: collections.length,
    views: 0,
    objects,
    avgObjSize: objects === 0 ? 0 : dataSize / objects,
    dataSize,
    storageSize: totalSize,
    indexes: collections.reduce((sum, { indexes }) => sum + indexes.length, 0),
    indexSize: 0,
    totalSize,
    scaleFactor: 1,
    ok: 1,
  };
};

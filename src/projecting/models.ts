import type { Collection, Db } from 'mongodb';
import type { AnyProjection } from './projection.js';
import { collectionName } from './read-model.js';

/** A collection of documents that a version of a projection's fold has made. */
export type Built = Readonly<{ collection: string; version: number }>;

/**
 * Which collection serves a projection at a version. Releases with other versions have documents of
 * their own, so nodes of two releases can run beside each other.
 */
export type Model = Readonly<{
  /** The projection's name and version, as in `sessions_v2`. */
  _id: string;
  name: string;
  version: number;
  serving: Built;
  /** What served before, kept for going back to. */
  previous: Built | null;
  /** How many collections were begun for it, so that each has a name of its own. */
  builds: number;
}>;

/** The models that projections have, in the database that they are in. */
export type Models = Readonly<{
  /** What serves each projection. One that is met for the first time is served by what its last version has, if there is one. */
  load(projections: readonly AnyProjection[]): Promise<readonly Model[]>;
  /** A name for one more collection of a model. */
  nameNext(model: Pick<Model, '_id'>): Promise<string>;
  /** Has a collection serve; what served before is kept in its place. A switch made before changes nothing. */
  switchTo(model: Pick<Model, '_id'>, built: Built): Promise<void>;
  /** Has what was kept serve again. @returns false when it is no longer there */
  switchBack(model: Model, previous: Built): Promise<boolean>;
  /** Keeps what served before no longer. @returns false when it was not kept */
  forgetPrevious(model: Pick<Model, '_id'>, previous: Built): Promise<boolean>;
  /** Forgets a collection that is removed: a release that it served has to build one again. */
  forget(collection: string): Promise<void>;
}>;

const names = /^(?<name>.+)_v(?<version>\d+)$/;

/**
 * Keeps models in a database, each in one small document: a change of one document is atomic, and so a
 * switch is.
 */
export const modelsIn = (db: Db): Models => {
  const models: Collection<Model> = db.collection('projection_models');
  const checkpoints = db.collection<{ _id: string }>('projection_checkpoints');

  /** What the last version of a projection has built, before this one has anything. */
  const lastBuilt = async ({ name, version }: AnyProjection): Promise<Built | undefined> => {
    const known = await models.find({ name }).sort({ version: -1 }).toArray();
    const last = known.find((each) => each.version < version) ?? known.at(-1);
    if (last) return last.serving;
    const begun = await checkpoints.find().toArray();
    const versions = begun.flatMap(({ _id }) => {
      const found = names.exec(_id)?.groups;
      return found?.name === name ? Number(found.version) : [];
    });
    const highest = Math.max(...versions);
    return versions.length > 0
      ? { collection: collectionName({ name, version: highest }), version: highest }
      : undefined;
  };

  const meet = async (projection: AnyProjection): Promise<Model> => {
    const { name, version } = projection;
    const _id = collectionName(projection);
    const known = await models.findOne({ _id });
    if (known) return known;
    const isBegun = (await checkpoints.findOne({ _id })) !== null;
    const last = isBegun ? undefined : await lastBuilt(projection);
    const serving = last ?? { collection: _id, version };
    const model: Model = { _id, name, version, serving, previous: null, builds: last ? 0 : 1 };
    await models.updateOne({ _id }, { $setOnInsert: model }, { upsert: true });
    return (await models.findOne({ _id })) ?? model;
  };

  return {
    load: async (projections) => {
      const ids = projections.map(collectionName);
      const known = await models.find({ _id: { $in: ids } }).toArray();
      return Promise.all(
        projections.map(
          async (projection) =>
            known.find(({ _id }) => _id === collectionName(projection)) ?? meet(projection),
        ),
      );
    },
    nameNext: async ({ _id }) => {
      const found = await models.findOneAndUpdate(
        { _id },
        { $inc: { builds: 1 } },
        { returnDocument: 'after' },
      );
      const n = found?.builds ?? 1;
      return n === 1 ? _id : `${_id}_${n}`;
    },
    switchTo: async ({ _id }, built) => {
      const found = await models.findOne({ _id });
      if (!found || found.serving.collection === built.collection) return;
      await models.updateOne(
        { _id, 'serving.collection': found.serving.collection },
        { $set: { serving: built, previous: found.serving } },
      );
    },
    switchBack: async ({ _id, serving }, previous) => {
      const { matchedCount } = await models.updateOne(
        {
          _id,
          'serving.collection': serving.collection,
          'previous.collection': previous.collection,
        },
        { $set: { serving: previous, previous: serving } },
      );
      return matchedCount > 0;
    },
    forgetPrevious: async ({ _id }, { collection }) => {
      const { matchedCount } = await models.updateOne(
        { _id, 'previous.collection': collection },
        { $set: { previous: null } },
      );
      return matchedCount > 0;
    },
    forget: async (collection) => {
      await models.updateMany({ 'previous.collection': collection }, { $set: { previous: null } });
      await models.deleteMany({ 'serving.collection': collection });
    },
  };
};

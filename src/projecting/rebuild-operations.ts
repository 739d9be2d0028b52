import type { Model, Models } from './models.js';
import type { AnyProjection } from './projection.js';
import type { Readers } from './readers.js';
import {
  NothingKept,
  OtherVersion,
  type Rebuild,
  RebuildUnderWay,
  type Rebuilt,
  StillRead,
} from './rebuild-documents.js';
import { isUnderWay, type Rebuilds } from './rebuilds.js';

/** What operators see of a model, and the last rebuild if it took part in that. */
export type Standing = Readonly<{ model: Model; rebuild: Rebuild | null }>;

/** What operators ask of rebuilds. A projection that there is none of is a RangeError. */
export type RebuildOperations = Readonly<{
  /** By the name of the projection. */
  standings(): Promise<ReadonlyMap<string, Standing>>;
  /**
   * Begins to build models anew, all in one pass over the events; one of the nodes does it.
   *
   * @param skip ids of events to pass over when they cannot be folded
   * @throws RebuildUnderWay
   */
  begin(names: readonly string[], skip?: readonly string[]): Promise<Rebuild>;
  /** Gives up the rebuild that a projection takes part in. @returns undefined when there is none */
  cancel(name: string): Promise<Rebuild | undefined>;
  /** Goes back to what served before. @throws RebuildUnderWay, NothingKept, OtherVersion */
  rollBack(name: string): Promise<void>;
  /** Removes what served before. @throws RebuildUnderWay, NothingKept, StillRead */
  drop(name: string): Promise<void>;
}>;

type Places = Readonly<{
  models: Models;
  rebuilds: Rebuilds;
  readers: Readers;
  projections: readonly AnyProjection[];
}>;

/**
 * What operators ask of rebuilds. Each is written into the documents that all nodes look at, who then
 * carry it out.
 */
export const rebuildOperations = (places: Places): RebuildOperations => {
  const { models, rebuilds, readers, projections } = places;

  const modelOf = async (name: string): Promise<Model> => {
    const [model] = await models.load(projections.filter((each) => each.name === name));
    if (!model) throw new RangeError(`there is no projection ${name}`);
    return model;
  };

  /** What a model could go back to, when it is not about to change. */
  const keptOf = async (name: string) => {
    const last = await rebuilds.last();
    if (last && isUnderWay(last) && last.models.some((each) => each.name === name))
      throw new RebuildUnderWay([name]);
    const model = await modelOf(name);
    if (!model.previous) throw nothingKept(name);
    return { model, previous: model.previous };
  };

  return {
    standings: async () => {
      const [known, last] = [await models.load(projections), await rebuilds.last()];
      return new Map(
        known.map((model) => {
          const { name, version } = model;
          const isIn = last?.models.some((each) => each.name === name && each.version === version);
          return [name, { model, rebuild: isIn ? last : null }];
        }),
      );
    },
    begin: async (names, skip = []) => {
      const last = await rebuilds.last();
      if (last && isUnderWay(last)) throw new RebuildUnderWay(last.models.map(({ name }) => name));
      const rebuilt: Rebuilt[] = [];
      for (const model of await Promise.all(names.map(modelOf))) {
        const { name, version, serving: replaces } = model;
        rebuilt.push({ name, version, collection: await models.nameNext(model), replaces });
      }
      return rebuilds.begin(rebuilt, skip);
    },
    cancel: rebuilds.cancel,
    rollBack: async (name) => {
      const { model, previous } = await keptOf(name);
      if (previous.version !== model.version)
        throw new OtherVersion(
          `what is kept of ${name} is of version ${previous.version}: start the release that has it`,
        );
      if (!(await models.switchBack(model, previous))) throw nothingKept(name);
    },
    drop: async (name) => {
      const { model, previous } = await keptOf(name);
      if (await readers.isRead(previous.collection))
        throw new StillRead(`a node still reads ${previous.collection}`);
      if (await models.forgetPrevious(model, previous)) await rebuilds.discard(previous.collection);
    },
  };
};

const nothingKept = (name: string) => new NothingKept(`nothing is kept of ${name}`);

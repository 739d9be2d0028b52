import type { Collection, Filter } from 'mongodb';
import type { Collections } from './collections.js';

export type ChildCategory = 'execution' | 'interrupt' | 'task';

/** What belongs to a session. */
export type Child = Readonly<{
  stream: string;
  id: string;
  category: ChildCategory;
  /** A fork that the session's own fork took along: there from the session's first event on. */
  isTakenAlong: boolean;
}>;

/** As of which position the children of which session are asked for. */
export type FamilyAt = Readonly<{ sessionId: string; position: number }>;

type Belonging = Readonly<{
  _id: string;
  id: string;
  sessionId?: string;
  createdPosition: number;
  settledPosition?: number;
}>;

const categories = ['execution', 'interrupt', 'task'] as const;

const collectionOf = (collections: Collections, category: ChildCategory): Collection<Belonging> =>
  // The three have these fields in common, which the driver's types cannot tell.
  ({
    execution: collections.executions,
    interrupt: collections.interrupts,
    task: collections.tasks,
  })[category] as unknown as Collection<Belonging>;

/**
 * What may have been open in a session as of a position, executions first. Children that were settled
 * by then and put to work again later are among them, so whoever needs to be sure looks at each. Those
 * that are still settled cost nothing.
 */
export const openChildren = async (
  collections: Collections,
  { sessionId, position }: FamilyAt,
): Promise<readonly Child[]> => {
  const found = await Promise.all(
    categories.map((category) =>
      childrenIn(collections, category, {
        sessionId,
        createdPosition: { $lte: position },
        $or: [{ settledPosition: { $exists: false } }, { settledPosition: { $gt: position } }],
      }),
    ),
  );
  return found.flat();
};

/** What was settled in a session as of a position: how many, and those settled first. */
export const settledChildren = async (
  collections: Collections,
  { sessionId, position }: FamilyAt,
  limit: number,
): Promise<Readonly<{ streams: readonly string[]; count: number }>> => {
  const filter = {
    sessionId,
    createdPosition: { $lte: position },
    settledPosition: { $lte: position },
  };
  const found = await Promise.all(
    categories.map(async (category) => ({
      first: await childrenIn(collections, category, filter, limit),
      count: await collectionOf(collections, category).countDocuments(filter),
    })),
  );
  const streams = found.flatMap(({ first }) => first.map(({ stream }) => stream));
  const count = found.reduce((sum, { count }) => sum + count, 0);
  return { streams: streams.slice(0, limit), count };
};

const childrenIn = async (
  collections: Collections,
  category: ChildCategory,
  filter: Filter<Belonging>,
  limit?: number,
): Promise<readonly Child[]> => {
  const found = collectionOf(collections, category)
    .find(filter, { projection: { id: 1, createdPosition: 1 } })
    .sort({ settledPosition: 1, createdPosition: 1 });
  const records = await (limit === undefined ? found : found.limit(limit)).toArray();
  return records.map(({ _id, id, createdPosition }) => ({
    stream: _id,
    id,
    category,
    isTakenAlong: createdPosition === 0,
  }));
};

import type { Caller } from '../commands/request.js';
import { shownAncestry } from '../domain/archive.js';
import type { Origin, Segment } from '../domain/fork.js';
import type { Collections, StreamRecord } from './collections.js';
import { settledIn } from './segments.js';
import { seenBy, visibleTo } from './visible.js';

export type LineageNode = Readonly<{
  stream: string;
  /** That of its newest event. */
  revision: number;
  ownEvents: number;
  createdAt: string;
  /** Where it was forked from, when it was detached since. */
  detachedFrom?: Origin;
  forks: readonly (LineageNode & Readonly<{ at: number }>)[];
}>;

export type Lineage = Readonly<{
  stream: string;
  /** What it depends on: nothing before a stream that was detached. */
  ancestors: readonly Segment[];
  /** Where it was forked from, when it was detached since. */
  detachedFrom?: Origin;
  /** The whole family, from the oldest ancestor. */
  tree: LineageNode;
  /** Whether the family is larger than what is shown: the oldest 5,000 streams, 500 generations. */
  truncated: boolean;
}>;

const mostStreams = 5_000;
/** In generations: a deeper tree could not be put into JSON by recursion. */
const deepest = 500;

/** The family of a stream that the caller may see. */
export const lineageOf = async (
  collections: Collections,
  caller: Caller,
  stream: string,
): Promise<Lineage | undefined> => {
  const { streams, byId } = collections;
  const own = seenBy(caller, await byId(streams, stream));
  if (!own) return undefined;
  // A detached fork holds its past itself.
  const ancestors = shownAncestry(await settledIn(collections, own)).filter(
    (ancestor) => ancestor.stream !== stream,
  );
  const oldest = ancestors[0]?.stream ?? stream;
  const { root, detachedFrom } = (await streams.findOne({ _id: oldest })) ?? own;
  // Its forks from before it was detached have the root that it had then.
  const roots = detachedFrom ? [root, detachedFrom.root] : [root];
  const family = await streams
    .find({ root: { $in: roots }, ...visibleTo(caller) })
    .sort({ createdAt: 1, _id: 1 })
    .limit(mostStreams + 1)
    .toArray();
  const shown = family.slice(0, mostStreams).filter(({ ancestry }) => ancestry.length <= deepest);
  return {
    stream,
    ancestors,
    ...detachedView(own),
    tree: nodeOf(shown.find(({ _id }) => _id === oldest) ?? own, childrenIn(shown)),
    truncated: family.length > shown.length,
  };
};

/**
 * The streams that were forked from a stream, and where: what protects it from being deleted for good.
 *
 * @param between revisions forked at: from `low` up to and including `high`
 */
export const forksOf = async (
  { streams }: Collections,
  stream: string,
  between?: Readonly<{ low: number; high: number }>,
): Promise<readonly Readonly<{ stream: string; at: number }>[]> => {
  const found = await streams
    .find({
      'forkedFrom.stream': stream,
      ...(between && { 'forkedFrom.revision': { $gte: between.low, $lte: between.high } }),
    })
    .sort({ 'forkedFrom.revision': 1, createdAt: 1, _id: 1 })
    .limit(100)
    .toArray();
  return found.map(({ _id, forkedFrom }) => ({ stream: _id, at: forkedFrom?.revision ?? 0 }));
};

/** The forks that were detached, as far as the read model knows: the first 50,000. */
export const detachedStreams = async ({ streams }: Collections): Promise<readonly string[]> => {
  const found = await streams
    .find({ 'detachedFrom.stream': { $gte: '' } }, { projection: { _id: 1 } })
    .limit(50_000)
    .toArray();
  return found.map(({ _id }) => _id);
};

const childrenIn = (family: readonly StreamRecord[]): ReadonlyMap<string, StreamRecord[]> => {
  const children = new Map<string, StreamRecord[]>();
  for (const record of family) {
    const parent = record.forkedFrom?.stream;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), record]);
  }
  return children;
};

const detachedView = ({ detachedFrom }: StreamRecord): Pick<LineageNode, 'detachedFrom'> => {
  if (!detachedFrom) return {};
  const { root: _, ...origin } = detachedFrom;
  return { detachedFrom: origin };
};

const nodeOf = (
  record: StreamRecord,
  children: ReadonlyMap<string, readonly StreamRecord[]>,
): LineageNode => ({
  stream: record._id,
  revision: record.revision,
  ownEvents: record.ownEvents,
  createdAt: record.createdAt,
  ...detachedView(record),
  forks: (children.get(record._id) ?? []).map((child) => ({
    at: child.forkedFrom?.revision ?? 0,
    ...nodeOf(child, children),
  })),
});

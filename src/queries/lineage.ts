import type { Caller } from '../commands/request.js';
import type { Segment } from '../domain/fork.js';
import type { Collections, StreamRecord } from './collections.js';
import { visibleTo } from './visible.js';

export type LineageNode = Readonly<{
  stream: string;
  /** That of its newest event. */
  revision: number;
  ownEvents: number;
  createdAt: string;
  forks: readonly (LineageNode & Readonly<{ at: number }>)[];
}>;

export type Lineage = Readonly<{
  stream: string;
  ancestors: readonly Segment[];
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
  { streams }: Collections,
  caller: Caller,
  stream: string,
): Promise<Lineage | undefined> => {
  const own = await streams.findOne({ _id: stream, ...visibleTo(caller) });
  if (!own) return undefined;
  const family = await streams
    .find({ root: own.root, ...visibleTo(caller) })
    .sort({ createdAt: 1, _id: 1 })
    .limit(mostStreams + 1)
    .toArray();
  const shown = family.slice(0, mostStreams).filter(({ ancestry }) => ancestry.length <= deepest);
  const root = shown.find(({ _id }) => _id === own.root) ?? own;
  return {
    stream,
    ancestors: own.ancestry,
    tree: nodeOf(root, childrenIn(shown)),
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

const childrenIn = (family: readonly StreamRecord[]): ReadonlyMap<string, StreamRecord[]> => {
  const children = new Map<string, StreamRecord[]>();
  for (const record of family) {
    const parent = record.forkedFrom?.stream;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), record]);
  }
  return children;
};

const nodeOf = (
  { _id, revision, ownEvents, createdAt }: StreamRecord,
  children: ReadonlyMap<string, readonly StreamRecord[]>,
): LineageNode => ({
  ...{ stream: _id, revision, ownEvents, createdAt },
  forks: (children.get(_id) ?? []).map((child) => ({
    at: child.forkedFrom?.revision ?? 0,
    ...nodeOf(child, children),
  })),
});

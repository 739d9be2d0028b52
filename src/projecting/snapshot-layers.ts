import type { Segment } from '../domain/fork.js';
import type { Streams } from '../eventstore/lineage.js';
import { newestAlong } from '../eventstore/load.js';
import { type Loaded, outsetFrom } from '../eventstore/partial.js';
import { lastSnapshotAt, type SnapshotStore } from '../eventstore/snapshots.js';
import { layStretch, type SnapshottedDecider } from './snapshot-stretch.js';

export type Layering = Readonly<{
  streams: Streams;
  store: SnapshotStore;
  decider: SnapshottedDecider;
  /** The stream and what it descends from, up to the revision to which layers are wanted. */
  segments: readonly Segment[];
  /** As loaded from the newest layer, where that is known. */
  newest?: Loaded<object> | undefined;
  /** Asked at the end of each layer. */
  isStopped: () => boolean;
}>;

/** Over how many layers one read of the event store goes. */
const layersPerRead = 64;

/**
 * Adds the layers that a stream lacks, each on the one before it and made of that and the events
 * since. Where the stream is a fork, those of its ancestors that it inherits come first.
 *
 * @returns as loaded from the newest layer that there is now
 * @throws what reading streams throws, SnapshotsUnavailable, and what writing to the database throws
 */
export const addLayers = async ({
  streams,
  store,
  decider,
  segments,
  newest,
  isStopped,
}: Layering): Promise<Loaded<object>> => {
  const snapshots = { ...store, missed: () => {} };
  const kind = { category: decider.category, version: decider.snapshots.version };
  const write = (layers: Parameters<SnapshotStore['add']>[1]) => store.add(kind, layers);
  const making = { streams, snapshots, decider, write, isStopped };
  const nothing = beginningOf(decider);
  let from =
    newest && liesOn(newest, segments)
      ? newest
      : ((await newestAlong(snapshots, decider, nothing, segments)) ?? nothing);

  for (const [index, { stream, through }] of segments.entries()) {
    const older = segments.slice(0, index);
    const last = lastSnapshotAt(through, store.every);
    for (let end = endOf(from); end < last && !isStopped(); end = endOf(from)) {
      const next = Math.min(last, end + layersPerRead * store.every);
      from = await layStretch(making, { stream, older, from, through: next });
      // A store that lost events may end before a revision that was heard of.
      if (endOf(from) < next) return from;
    }
  }
  return from;
};

/** Whether the layer that a state was loaded from is one of these segments, on what these have below it. */
const liesOn = ({ outset }: Loaded<object>, segments: readonly Segment[]): boolean =>
  outset?.segments.every(({ stream, through }, index) => {
    const segment = segments[index];
    const isLast = index === outset.segments.length - 1;
    return (
      stream === segment?.stream &&
      (isLast ? through <= segment.through : through === segment.through)
    );
  }) ?? false;

const endOf = ({ revision }: Loaded<object>): number => (revision === 'none' ? -1 : revision);

/** A stream before its first event: as loaded from a snapshot in which nothing is. */
const beginningOf = (decider: SnapshottedDecider): Loaded<object> => ({
  base: 0,
  commands: [],
  ...outsetFrom(
    decider,
    { stream: '', revision: -1, position: 0, head: decider.initial, count: 0 },
    [],
  ),
  revision: 'none',
});

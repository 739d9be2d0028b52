import type { Decider, Fact, SnapshotRules } from '../domain/decider.js';
import type { Segment } from '../domain/fork.js';
import { baseOf, type Streams } from '../eventstore/lineage.js';
import { advance, newestAlong } from '../eventstore/load.js';
import { countOf, entriesOf, headOf, type Loaded, outsetFrom } from '../eventstore/partial.js';
import { lastSnapshotAt, type SnapshotStore } from '../eventstore/snapshots.js';

/** A decider whose states are kept in snapshots. */
export type SnapshottedDecider = Decider<never, object, Fact, unknown> &
  Readonly<{ snapshots: SnapshotRules<never, Fact> }>;

export type Layering = Readonly<{
  streams: Streams;
  store: SnapshotStore;
  decider: SnapshottedDecider;
  /** The stream and what it descends from, up to the revision to which layers are wanted. */
  segments: readonly Segment[];
  /** Asked between two layers. */
  isStopped: () => boolean;
}>;

/**
 * Adds the layers that a stream lacks, each on the one before it and made of that and the events
 * since. Where the stream is a fork, those of its ancestors that it inherits come first.
 *
 * @throws what reading streams throws, SnapshotsUnavailable, and what writing to the database throws
 */
export const addLayers = async ({
  streams,
  store,
  decider,
  segments,
  isStopped,
}: Layering): Promise<void> => {
  const snapshots = { ...store, missed: () => {} };
  const kind = { category: decider.category, version: decider.snapshots.version };
  const nothing = beginningOf(decider);
  let loaded = (await newestAlong(snapshots, decider, nothing, segments)) ?? nothing;

  for (const [index, { stream, through }] of segments.entries()) {
    const older = segments.slice(0, index);
    while (!isStopped()) {
      const next = (loaded.revision === 'none' ? -1 : loaded.revision) + store.every;
      if (next > lastSnapshotAt(through, store.every)) break;
      const from = { ...loaded, base: baseOf(older), commands: [] };
      // Starting from a layer, what is known of the entries afterwards is what has changed since.
      const reached = await advance({ streams, snapshots }, decider, stream, from, next);
      const { state, revision, position } = reached;
      // A store that lost events may end before a revision that was heard of.
      if (revision !== next) return;
      const before = loaded.outset?.segments.at(-1);
      const layer = {
        ...(before && { before }),
        ...{ stream, revision, position, head: headOf(decider, state) },
        count: countOf(decider, reached),
        ancestors: older.map((ancestor) => ancestor.stream),
        entries: new Map(entriesOf(decider, state)),
        commands: reached.commands,
      };
      await store.add(kind, layer);
      const holders = [...older, { stream, through: revision }];
      loaded = { ...nothing, ...outsetFrom(decider, layer, holders) };
    }
  }
};

/** A stream before its first event: as loaded from a snapshot in which nothing is. */
const beginningOf = (decider: SnapshottedDecider): Loaded<object> => ({
  ...{ base: 0, commands: [] },
  ...outsetFrom(
    decider,
    { stream: '', revision: -1, position: 0, head: decider.initial, count: 0 },
    [],
  ),
  revision: 'none',
});

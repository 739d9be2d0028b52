import type { Decider, Fact, SnapshotRules } from '../domain/decider.js';
import type { Segment } from '../domain/fork.js';
import { commandsIn } from '../eventstore/carried-out.js';
import type { StoredEvent } from '../eventstore/event-store.js';
import { factOf } from '../eventstore/fold.js';
import { eventsAfter, foldedOnto, knowingFor, type Sources } from '../eventstore/load.js';
import { countOf, entriesOf, headOf, type Loaded, outsetFrom } from '../eventstore/partial.js';
import { sizeOf } from '../eventstore/size.js';
import { type Layer, lastSnapshotAt, type Snapshots } from '../eventstore/snapshots.js';
import { withFields } from '../fields.js';

/** A decider whose states are kept in snapshots. */
export type SnapshottedDecider = Decider<never, object, Fact, unknown> &
  Readonly<{ snapshots: SnapshotRules<never, Fact> }>;

export type Making = Sources &
  Readonly<{
    decider: SnapshottedDecider;
    /** Writes layers that follow one another. */
    write: (layers: readonly Layer[]) => Promise<void>;
    /** Asked at the end of each layer: what is not written by then is given up. */
    isStopped: () => boolean;
  }>;

/** A part of a stream that begins and ends with a layer. */
export type Stretch = Readonly<{
  stream: string;
  /** What the stream descends from. */
  older: readonly Segment[];
  /** As loaded from the layer that it begins after. */
  from: Loaded<object>;
  through: number;
}>;

/**
 * How many layers are written at once, or fewer once they come to so many bytes. Some 500 documents, in
 * which the database writes nothing else.
 */
const mostLayers = 8;
const enoughBytes = 2 * 1_024 * 1_024;

/** How many bytes of events are held at once, until the entries that they change are looked up. */
const enoughHeld = 1_024 * 1_024;

/**
 * Makes the layers of a stretch in one read of its events. Each is what it would be if it were made of
 * the layer before it alone: of the entries that are known by then it has those changed since.
 *
 * @returns the state as loaded from the newest layer that was written
 * @throws what reading the stream and writing throw, and SnapshotsUnavailable
 */
export const layStretch = async (
  { streams, snapshots, decider, write, isStopped }: Making,
  { stream, older, from, through }: Stretch,
): Promise<Loaded<object>> => {
  const ancestors = older.map((ancestor) => ancestor.stream);
  const behind = writingBehind(write);
  const lookedUp = onceWritten(snapshots, behind);
  let newest = from;
  let reached = from;
  let layers: Layer[] = [];
  let bytes = 0;
  let since = changesIn(decider, stream);

  const writeThem = async (): Promise<void> => {
    const last = layers.at(-1);
    if (!last) return;
    await behind.write(layers);
    newest = withFields(from, outsetFrom(decider, last, [...older, placeOf(last)]));
    layers = [];
    bytes = 0;
  };

  try {
    const events = eventsAfter({ streams, snapshots }, stream, from, through);
    for await (const run of runsOf(events, snapshots.every)) {
      reached = await knowingFor(lookedUp, decider, reached, run);
      for (const event of run) {
        reached = foldedOnto(decider, reached, event);
        since.note(event);
      }
      if (!endsLayer(Number(reached.revision), snapshots.every)) continue;
      if (isStopped()) break;
      const last = layers.at(-1);
      const before = last ? placeOf(last) : newest.outset?.segments.at(-1);
      const layer = withFields(since.layerAt(reached), {
        stream,
        ancestors,
        ...(before && { before }),
      });
      layers.push(layer);
      bytes += sizeOf(layer.head) + sizeOf([...layer.entries.values()]);
      since = changesIn(decider, stream);
      if (layers.length < mostLayers && bytes < enoughBytes) continue;
      await writeThem();
      // What is known of the entries is let go: they can be looked up from here.
      reached = newest;
    }
    if (!isStopped()) await writeThem();
    await behind.done();
    return newest;
  } finally {
    // Nothing is under way any more when this ends, however it ends.
    await behind.done().catch(() => {});
  }
};

/** Writes one thing after another, while what comes next is being made. */
const writingBehind = (write: Making['write']) => {
  let writing = Promise.resolve();
  return {
    /** Begins to write once what came before is written. @throws what writing that threw */
    write: async (layers: readonly Layer[]): Promise<void> => {
      await writing;
      writing = write(layers);
      // Of an error hears whoever waits for it next.
      writing.catch(() => {});
    },
    done: (): Promise<void> => writing,
  };
};

/** Snapshots that look entries up only where what they may lie in is written. */
const onceWritten = (
  snapshots: Snapshots,
  { done }: ReturnType<typeof writingBehind>,
): Snapshots => ({
  ...snapshots,
  entries: async (...wanted) => {
    await done();
    return snapshots.entries(...wanted);
  },
});

/** Gathers what some events of a stream change. */
const changesIn = (decider: SnapshottedDecider, stream: string) => {
  const commands = commandsIn(stream);
  const changed = new Set<string>();
  return {
    note: (event: StoredEvent): void => {
      commands.note(event);
      const key = decider.snapshots.entries?.changedBy(factOf(event));
      if (key !== undefined) changed.add(key);
    },
    /** What a layer says that ends with the events, of the state after them. */
    layerAt: (reached: Loaded<object>) => {
      const { state, revision, position } = reached;
      const known = entriesOf(decider, state);
      return {
        revision: Number(revision),
        position,
        head: headOf(decider, state),
        count: countOf(decider, reached),
        entries: new Map(
          [...changed].flatMap((key) => (known.has(key) ? [[key, known.get(key)]] : [])),
        ),
        commands: commands.all(),
      };
    },
  };
};

/** Events in runs that are worth one look-up: to the end of a layer, or fewer where they are large. */
async function* runsOf(
  events: AsyncIterable<StoredEvent>,
  every: number,
): AsyncGenerator<readonly StoredEvent[]> {
  let run: StoredEvent[] = [];
  let held = 0;
  for await (const event of events) {
    run.push(event);
    held += event.size;
    if (held < enoughHeld && !endsLayer(event.revision, every)) continue;
    yield run;
    run = [];
    held = 0;
  }
}

const endsLayer = (revision: number, every: number): boolean =>
  lastSnapshotAt(revision, every) === revision;

const placeOf = ({ stream, revision }: Layer): Segment => ({ stream, through: revision });

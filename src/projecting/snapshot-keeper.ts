import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { shownStream } from '../domain/archive.js';
import type { Decider, Fact } from '../domain/decider.js';
import { deciders, parseStream } from '../domain/deciders.js';
import type { Segment } from '../domain/fork.js';
import { ancestryAt } from '../eventstore/descents.js';
import { type StoredEvent, StreamTombstoned, tombstoneType } from '../eventstore/event-store.js';
import type { Streams } from '../eventstore/lineage.js';
import type { Loaded } from '../eventstore/partial.js';
import { sizeOf } from '../eventstore/size.js';
import {
  lastSnapshotAt,
  type SnapshotKind,
  type SnapshotStore,
  SnapshotsUnavailable,
} from '../eventstore/snapshots.js';
import { passingEvents } from './passing-events.js';
import { addLayers } from './snapshot-layers.js';
import type { SnapshottedDecider } from './snapshot-stretch.js';

/** Writes snapshots as events go by. */
export type SnapshotKeeper = Readonly<{
  /** Takes a batch of events. Resolves once what streams in it that were deleted for good left behind is removed. */
  follow(events: readonly StoredEvent[]): Promise<void>;
  /** Hears of a stream that lacks snapshots up to a revision. */
  missed(stream: string, revision: number): void;
  /** Resolves once every snapshot that is due is written, or was given up. */
  settled(): Promise<void>;
  /** Finishes the snapshot in hand, and ends. */
  stop(): Promise<void>;
}>;

/** How many streams may wait for their snapshots. Those beyond get them when they next come past. */
const mostWaiting = 10_000;

/**
 * Of how many streams snapshots are made at the same time. What some of them write while others are
 * being written goes together.
 */
const atOnce = 8;

/** How much is kept of the events since the newest layers, and of the states in those, by a rough count in bytes. */
const passingBytes = 16 * 1_024 * 1_024;
const newestBytes = 8 * 1_024 * 1_024;
/** What a layer that is known takes besides the state in it, about. */
const bytesALayer = 1_024;

/** The kinds of snapshots that there are. */
export const snapshotKinds: readonly SnapshotKind[] = Object.values(deciders).flatMap((decider) => {
  // Only some have snapshots, which the types of the others do not mention.
  const { category, snapshots } = decider as unknown as SnapshottedDecider;
  return snapshots ? [{ category, version: snapshots.version }] : [];
});

/**
 * Writes the snapshots that fall due, of a few streams at a time, without holding anything up. Any number
 * of nodes may do so at the same time: they write the same.
 */
export const keepSnapshots = (
  streams: Streams,
  store: SnapshotStore,
  log: Logger,
): SnapshotKeeper => {
  const waiting = new Map<string, number>();
  let isStopped = false;
  /** Streams whose snapshots are being made. */
  const inHand = new Set<string>();
  const workers = new Set<Promise<void>>();
  const passing = passingEvents(passingBytes);
  const source = passing.before(streams);
  const newest = new LRUCache<string, Loaded<object>>({
    maxSize: newestBytes,
    sizeCalculation: ({ state }) => bytesALayer + sizeOf(state),
  });

  /**
   * What was deleted for good meanwhile may have been forgotten before all of it was written.
   *
   * @throws StreamTombstoned
   */
  const expectThere = async (segments: readonly Segment[]): Promise<void> => {
    for (const { stream } of segments)
      for await (const _ of streams.read(stream, { direction: 'backwards', limit: 1 }));
  };

  const make = async (stream: string, revision: number): Promise<void> => {
    const decider = deciderOf(stream);
    const ancestry = await streams.ancestryOf(stream);
    if (!decider || !ancestry) return;
    const segments = ancestryAt(stream, ancestry, revision);
    let isLowest = false;
    const add: SnapshotStore['add'] = (kind, layers) => {
      const [first] = layers;
      isLowest ||= first?.before?.stream !== first?.stream;
      return store.add(kind, layers);
    };
    const layering = { store: { ...store, add }, decider, segments, isStopped: () => isStopped };
    const addOn = (known: Loaded<object> | undefined): Promise<Loaded<object>> =>
      addLayers({ ...layering, streams: source, newest: known }).catch(async (error: unknown) => {
        newest.delete(stream);
        await expectThere(segments);
        throw error;
      });
    const known = newest.get(stream);
    const made = await addOn(known).catch((error: unknown) => {
      if (!known || !(error instanceof SnapshotsUnavailable)) throw error;
      // That layer is there no longer.
      return addOn(undefined);
    });
    newest.set(stream, made);
    if (made.revision !== 'none') passing.release(stream, made.revision);
    // What lies on other layers of its stream is missing those if they were forgotten; the lowest is not.
    if (isLowest) await expectThere(segments);
  };

  /** The stream that has waited longest. One that is in hand is left to who has it. */
  const next = (): readonly [stream: string, revision: number] | undefined => {
    for (const entry of waiting) if (!inHand.has(entry[0])) return entry;
    return undefined;
  };

  const work = async (): Promise<void> => {
    for (let found = next(); found && !isStopped; found = next()) {
      const [stream, revision] = found;
      waiting.delete(stream);
      inHand.add(stream);
      try {
        await make(stream, revision).catch(async (error: unknown) => {
          if (!(error instanceof StreamTombstoned)) throw error;
          await store.forget(error.stream);
        });
      } catch (error) {
        // Without the database there is nothing to say of every single stream.
        const level = error instanceof SnapshotsUnavailable ? 'debug' : 'warn';
        log[level]({ err: error, stream }, 'a snapshot was not made; the stream can do without');
      } finally {
        inHand.delete(stream);
      }
    }
  };

  const start = (): void => {
    if (workers.size >= atOnce) return;
    const worker = work().finally(() => {
      workers.delete(worker);
      if (next() && !isStopped) start();
    });
    workers.add(worker);
  };

  /** Resolves once nothing is in hand, and nothing waits that is to be begun. */
  const settled = async (): Promise<void> => {
    while (workers.size > 0) await Promise.all(workers);
  };

  const due = (stream: string, revision: number): void => {
    if (isStopped || (waiting.size >= mostWaiting && !waiting.has(stream))) return;
    waiting.set(stream, Math.max(revision, waiting.get(stream) ?? 0));
    start();
  };

  return {
    follow: async (events) => {
      for (const event of events) {
        const { type, stream, revision } = event;
        if (type === tombstoneType) {
          passing.forget(stream);
          newest.delete(stream);
          await store.forget(stream);
          continue;
        }
        if (hasSnapshots(stream)) passing.note(event);
        if (type === 'StreamDetached') due(stream, revision);
        else if (lastSnapshotAt(revision, store.every) === revision && deciderOf(stream))
          due(stream, revision);
      }
    },
    missed: (stream, revision) => {
      newest.delete(stream);
      if (revision + 1 >= store.every) due(stream, revision);
    },
    settled,
    stop: async () => {
      isStopped = true;
      waiting.clear();
      await settled();
    },
  };
};

const categories = new Set<string>(snapshotKinds.map(({ category }) => category));

const hasSnapshots = (stream: string): boolean =>
  categories.has(stream.slice(0, stream.indexOf('-')));

const deciderOf = (stream: string): SnapshottedDecider | undefined => {
  // An archive's events are those of streams of its fork's category.
  const name = parseStream(shownStream(stream));
  if (!name) return undefined;
  // Each decider is given the events of its own streams only.
  const decider = deciders[name.category] as unknown as Decider<never, object, Fact, unknown>;
  return decider.snapshots && { ...decider, snapshots: decider.snapshots };
};

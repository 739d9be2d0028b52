import type { Logger } from 'pino';
import { shownStream } from '../domain/archive.js';
import type { Decider, Fact } from '../domain/decider.js';
import { deciders, parseStream } from '../domain/deciders.js';
import { ancestryAt } from '../eventstore/descents.js';
import { type StoredEvent, StreamTombstoned, tombstoneType } from '../eventstore/event-store.js';
import type { Streams } from '../eventstore/lineage.js';
import {
  lastSnapshotAt,
  type SnapshotKind,
  type SnapshotStore,
  SnapshotsUnavailable,
} from '../eventstore/snapshots.js';
import { addLayers, type SnapshottedDecider } from './snapshot-layers.js';

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

/** The kinds of snapshots that there are. */
export const snapshotKinds: readonly SnapshotKind[] = Object.values(deciders).flatMap((decider) => {
  // Only some have snapshots, which the types of the others do not mention.
  const { category, snapshots } = decider as unknown as SnapshottedDecider;
  return snapshots ? [{ category, version: snapshots.version }] : [];
});

/**
 * Writes the snapshots that fall due, one stream after another, without holding anything up. Any number
 * of nodes may do so at the same time: they write the same.
 */
export const keepSnapshots = (
  streams: Streams,
  store: SnapshotStore,
  log: Logger,
): SnapshotKeeper => {
  const waiting = new Map<string, number>();
  let isStopped = false;
  let working: Promise<void> | undefined;

  const make = async (stream: string, revision: number): Promise<void> => {
    const decider = deciderOf(stream);
    const ancestry = await streams.ancestryOf(stream);
    if (!decider || !ancestry) return;
    const segments = ancestryAt(stream, ancestry, revision);
    await addLayers({ streams, store, decider, segments, isStopped: () => isStopped });
    // One that was deleted for good meanwhile may have been forgotten before this was written.
    for (const { stream: own } of segments)
      for await (const _ of streams.read(own, { direction: 'backwards', limit: 1 }));
  };

  const work = async (): Promise<void> => {
    for (const [stream, revision] of waiting) {
      if (isStopped) return;
      waiting.delete(stream);
      try {
        await make(stream, revision).catch(async (error: unknown) => {
          if (!(error instanceof StreamTombstoned)) throw error;
          await store.forget(error.stream);
        });
      } catch (error) {
        // Without the database there is nothing to say of every single stream.
        const level = error instanceof SnapshotsUnavailable ? 'debug' : 'warn';
        log[level]({ err: error, stream }, 'a snapshot was not made; the stream can do without');
      }
    }
  };

  const start = (): void => {
    working ??= work().finally(() => {
      working = undefined;
      if (waiting.size > 0 && !isStopped) start();
    });
  };

  const due = (stream: string, revision: number): void => {
    if (isStopped || (waiting.size >= mostWaiting && !waiting.has(stream))) return;
    waiting.set(stream, Math.max(revision, waiting.get(stream) ?? 0));
    start();
  };

  return {
    follow: async (events) => {
      for (const { type, stream, revision } of events) {
        if (type === tombstoneType) await store.forget(stream);
        else if (type === 'StreamDetached') due(stream, revision);
        else if (lastSnapshotAt(revision, store.every) === revision && deciderOf(stream))
          due(stream, revision);
      }
    },
    missed: (stream, revision) => {
      if (revision + 1 >= store.every) due(stream, revision);
    },
    settled: async () => {
      while (working !== undefined) await working;
    },
    stop: async () => {
      isStopped = true;
      waiting.clear();
      await working;
    },
  };
};

const deciderOf = (stream: string): SnapshottedDecider | undefined => {
  // An archive's events are those of streams of its fork's category.
  const name = parseStream(shownStream(stream));
  if (!name) return undefined;
  // Each decider is given the events of its own streams only.
  const decider = deciders[name.category] as unknown as Decider<never, object, Fact, unknown>;
  return decider.snapshots && { ...decider, snapshots: decider.snapshots };
};

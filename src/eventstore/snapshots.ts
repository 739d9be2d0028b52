import type { Segment } from '../domain/fork.js';
import type { CarriedOut } from './carried-out.js';

/** Snapshots that go together: those of one decider, as long as it folds alike. */
export type SnapshotKind = Readonly<{ category: string; version: number }>;

/** A state without its entries, as of a revision. */
export type Snapshot = Readonly<{
  /** The stream that wrote the revision. Forks that inherit the revision share the snapshot. */
  stream: string;
  revision: number;
  position: number;
  /** The state with no entries in it, as JSON gives it back. */
  head: object;
  /** How many entries the state has. */
  count: number;
  /** Tells it from one that is the same and was made after this one was removed. */
  making?: string;
}>;

/** What a snapshot adds to the one before it. */
export type Layer = Snapshot &
  Readonly<{
    /** Where the layer below lies; absent when there is none. */
    before?: Segment;
    /** The streams that its own descends from. */
    ancestors: readonly string[];
    /** The entries that changed since, as they are now. */
    entries: ReadonlyMap<string, unknown>;
    /** The commands carried out since, on the stream itself. */
    commands: readonly CarriedOut[];
  }>;

/**
 * Snapshots as those see them who load states. A cache: what is in it is right, and nobody relies
 * on anything being in it. Every function but `missed` may throw {@link SnapshotsUnavailable}.
 */
export type Snapshots = Readonly<{
  /**
   * How many revisions there are from one snapshot to the next: with 64, snapshots lie at revisions 63, 127
   * and so on, and at most 63 events are folded onto one.
   */
  every: number;
  /**
   * The newest snapshot at or below the end of the last segment that lies in that segment's stream, and
   * was made on the very segments before it: a fork that was detached since reads its past elsewhere.
   */
  newest(kind: SnapshotKind, segments: readonly Segment[]): Promise<Snapshot | undefined>;
  /**
   * Entries as of a snapshot.
   *
   * @param segments the streams that make up the state, up to the snapshot's revision
   * @param making that of the snapshot, where it is known; it spares a question
   * @returns those that there are, by key
   */
  entries(
    kind: SnapshotKind,
    segments: readonly Segment[],
    keys: readonly string[],
    making?: string,
  ): Promise<ReadonlyMap<string, unknown>>;
  /** The latest commands carried out on the last of the segments itself up to a snapshot's revision, oldest first. */
  commands(kind: SnapshotKind, segments: readonly Segment[]): Promise<readonly CarriedOut[]>;
  /** Removes what there is of a stream and of what descends from it, for what it says is not so. */
  discard(stream: string): Promise<void>;
  /** Hears of a stream of which more events had to be read than with every snapshot in its place. */
  missed(stream: string, revision: number): void;
}>;

/** Where snapshots are kept. */
export type SnapshotStore = Omit<Snapshots, 'missed'> &
  Readonly<{
    /** Makes room for snapshots of some kinds, with what finding them needs. */
    prepare(kinds: readonly SnapshotKind[]): Promise<void>;
    /**
     * Adds layers of one stream, each of which lies on the one before it, on those below, which must be
     * there. What is there already stays.
     *
     * @throws SnapshotsUnavailable when some of what they lie on, or of themselves, was removed meanwhile
     */
    add(kind: SnapshotKind, layers: readonly Layer[]): Promise<void>;
    /** The same as `discard`, however long it takes, with the errors of the database. */
    forget(stream: string): Promise<void>;
  }>;

/** Snapshots cannot be had, or what was found is not one. Folding the events leads to the same state. */
export class SnapshotsUnavailable extends Error {
  override readonly name = 'SnapshotsUnavailable';
}

/** For those who do without. */
export const noSnapshots: Snapshots = {
  every: Number.MAX_SAFE_INTEGER,
  newest: async () => undefined,
  entries: async () => new Map(),
  commands: async () => [],
  discard: async () => {},
  missed: () => {},
};

/** The highest revision with a snapshot at or below a revision; -1 when there is none. */
export const lastSnapshotAt = (revision: number, every: number): number =>
  Number.isFinite(revision) ? Math.floor((revision + 1) / every) * every - 1 : revision;

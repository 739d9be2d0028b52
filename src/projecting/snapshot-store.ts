import type { Collection, Db, Filter } from 'mongodb';
import { fingerprint } from '../domain/fingerprint.js';
import type { Segment } from '../domain/fork.js';
import type { CarriedOut } from '../eventstore/carried-out.js';
import {
  type Layer,
  type SnapshotKind,
  type SnapshotStore,
  SnapshotsUnavailable,
} from '../eventstore/snapshots.js';
import { insertNew } from './guarded-writes.js';
import { patiently } from './patience.js';

/** A piece of a layer: its head, its commands, or one of its entries. Never changed once written. */
type Piece = Readonly<{
  _id: string;
  stream: string;
  /** `head`, `commands`, or that of an entry. */
  key: string;
  revision: number;
  position: number;
  /** On streams that are forks. */
  ancestors?: readonly string[];
  /** JSON. As text, it comes back as the events it was made of do. */
  body: string;
  /** Of everything above: a piece that is not what was written is not used. */
  digest: string;
}>;

const head = 'head';
const commands = 'commands';
const entryKey = (key: string): string => `entry ${key}`;

/** How many layers' commands are recalled. */
const recalledLayers = 16;

/** The collection of a kind of snapshots. */
export const snapshotCollection = ({ category, version }: SnapshotKind): string =>
  `${category}_snapshots_v${version}`;

const anyCollection = /^[a-z]+_snapshots_v\d+$/;

export type SnapshotOptions = Readonly<{
  /**
   * How many revisions lie between two snapshots, 64 by default. Fewer make loading read less and
   * writing write more. One database holds those of one distance only.
   */
  every?: number;
  /** How long a question may take, 2,000 ms by default. */
  patienceMs?: number;
}>;

/**
 * Keeps snapshots in a database. What turns out not to be what was written is removed, with all that
 * there is of its stream, and comes anew. Reading gives up when an
 * answer takes too long, and for five seconds after: whoever asks can do without.
 */
export const snapshotsIn = (
  db: Db,
  { every = 64, patienceMs = 2_000 }: SnapshotOptions = {},
): SnapshotStore => {
  const collectionOf = (kind: SnapshotKind): Collection<Piece> =>
    db.collection(snapshotCollection(kind));
  const ask = patiently(patienceMs);
  const find = (kind: SnapshotKind, filter: Filter<Piece>, limit: number) =>
    ask(() => collectionOf(kind).find(filter).sort({ revision: -1 }).limit(limit).toArray());

  const newestIn = async (kind: SnapshotKind, filter: Filter<Piece>): Promise<Piece | undefined> =>
    (await find(kind, filter, 1))[0];

  /** The newest version of an entry along the segments: their revisions run on. */
  const entryIn = (kind: SnapshotKind, segments: readonly Segment[], key: string) => {
    const places = segments.map(({ stream, through }) => ({
      ...{ stream, key: entryKey(key) },
      ...upTo(through),
    }));
    return newestIn(kind, places.length === 1 ? { ...places[0] } : { $or: places });
  };

  /** What a piece says. Without one piece the others of its stream may say something else. */
  const read = async (piece: Piece): Promise<unknown> => {
    const { digest, ...content } = piece;
    if (fingerprint(content) === digest) return JSON.parse(content.body);
    await discard(content.stream);
    throw new SnapshotsUnavailable(`the snapshot ${content._id} is not what was written`);
  };

  const expectHead = async (
    kind: SnapshotKind,
    stream: string,
    revision: number,
  ): Promise<void> => {
    const _id = idOf(stream, revision, head);
    const [piece] = await find(kind, { _id }, 1);
    if (!piece) throw new SnapshotsUnavailable(`the snapshot ${_id} is no longer there`);
  };

  const forget = async (stream: string): Promise<void> => {
    const collections = await db
      .listCollections({ name: anyCollection }, { nameOnly: true })
      .toArray();
    const gone = { $or: [{ stream }, { ancestors: stream }] };
    for (const { name } of collections) {
      const collection = db.collection<Piece>(name);
      // Heads first: while there is one, everything is there.
      await collection.deleteMany({ ...gone, key: head });
      await collection.deleteMany(gone);
    }
  };

  const discard = (stream: string): Promise<void> => ask(() => forget(stream));

  return {
    every,
    prepare: async (kinds) => {
      for (const kind of kinds)
        await collectionOf(kind).createIndexes([
          { key: { stream: 1, key: 1, revision: -1 } },
          { key: { ancestors: 1 } },
        ]);
    },
    newest: async (kind, stream, through) => {
      const piece = await newestIn(kind, { stream, key: head, ...upTo(through) });
      if (!piece) return undefined;
      const { revision, position } = piece;
      // What a digest fits was written by `add`.
      const { state, count } = (await read(piece)) as Readonly<{ state: object; count: number }>;
      return { stream, revision, position, head: state, count };
    },
    entries: async (kind, segments, keys) => {
      const last = segments.at(-1);
      if (!last) return new Map();
      const found = await Promise.all(
        keys.map(async (key) => {
          const piece = await entryIn(kind, segments, key);
          return piece ? [[key, await read(piece)] as const] : [];
        }),
      );
      // What was not found does not exist only if the layers were still there when it was looked for.
      await expectHead(kind, last.stream, last.through);
      return new Map(found.flat());
    },
    commands: async (kind, stream, through) => {
      const pieces = await find(kind, { stream, key: commands, ...upTo(through) }, recalledLayers);
      const lists = await Promise.all(pieces.reverse().map(read));
      return lists.flat() as readonly CarriedOut[];
    },
    add: async (kind, layer) => {
      const collection = collectionOf(kind);
      const others = [
        ...[...layer.entries].map(([key, entry]) => pieceOf(layer, entryKey(key), entry)),
        ...(layer.commands.length > 0 ? [pieceOf(layer, commands, layer.commands)] : []),
      ];
      // The head says that all the rest is there, of the layers below as well.
      await insertNew(collection, others);
      const { before, head: state, count } = layer;
      const piece = pieceOf(layer, head, { state, count });
      await insertNew(collection, [piece]);
      if (before)
        await expectHead(kind, before.stream, before.through).catch(async (error: unknown) => {
          await collection.deleteOne({ _id: piece._id });
          throw error;
        });
    },
    discard,
    forget,
  };
};

const idOf = (stream: string, revision: number, key: string): string =>
  `${stream}@${revision} ${key}`;

const upTo = (through: number) => (Number.isFinite(through) ? { revision: { $lte: through } } : {});

const pieceOf = (
  { stream, revision, position, ancestors }: Layer,
  key: string,
  value: unknown,
): Piece => {
  const content = {
    _id: idOf(stream, revision, key),
    ...{ stream, key, revision, position },
    ...(ancestors.length > 0 && { ancestors }),
    body: JSON.stringify(value),
  };
  return { ...content, digest: fingerprint(content) };
};

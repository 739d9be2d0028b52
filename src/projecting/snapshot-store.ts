import { randomUUID } from 'node:crypto';
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
import { askedTogether } from './asked-together.js';
import { insertInTurn } from './guarded-writes.js';
import { patiently } from './patience.js';
import { type Piece, piecesOf } from './snapshot-pieces.js';

/** Layers of one stream that lie on one another. */
type Stack = Readonly<{ kind: SnapshotKind; layers: readonly Layer[] }>;

/** How many layers' commands are recalled. */
const recalledLayers = 16;

/** The collection of a kind of snapshots. */
export const snapshotCollection = ({ category, version }: SnapshotKind): string =>
  `${category}_layers_v${version}`;

/** Those of earlier programs, which had each entry in a piece of its own, included. */
const anyCollection = /^[a-z]+_(layers|snapshots)_v\d+$/;

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
 * Keeps snapshots in a database. A piece that is not what was written is removed together with all
 * snapshots of its stream, which are then made anew. A read that takes too long is given up, and for
 * five seconds after it nothing is read: whoever asks can do without snapshots.
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
  const entryIn = async (kind: SnapshotKind, segments: readonly Segment[], key: string) => {
    const places = segments.map(({ stream, through }, index) => ({
      stream,
      keys: key,
      ...madeOn(segments.slice(0, index)),
      ...upTo(through),
    }));
    const piece = await newestIn(kind, places.length === 1 ? { ...places[0] } : { $or: places });
    // What a digest fits was written by `add`.
    return piece && new Map((await read(piece)) as readonly [string, unknown][]).get(key);
  };

  /** What a piece says. Without one piece the others of its stream may say something else. */
  const read = async (piece: Piece): Promise<unknown> => {
    const { digest, ...content } = piece;
    if (fingerprint(content) === digest) return JSON.parse(content.body);
    await discard(content.stream);
    throw new SnapshotsUnavailable(`the snapshot ${content._id} is not what was written`);
  };

  /** Which making of a snapshot there is. */
  const makingOf = async (kind: SnapshotKind, segments: readonly Segment[]) => {
    const { stream, revision, chain } = placeOf(segments);
    const [piece] = await find(kind, { stream, part: 'head', revision, ...chain }, 1);
    if (!piece)
      throw new SnapshotsUnavailable(`the snapshot ${stream}@${revision} is no longer there`);
    return piece.making;
  };

  const forget = async (stream: string): Promise<void> => {
    const collections = await db
      .listCollections({ name: anyCollection }, { nameOnly: true })
      .toArray();
    const gone = { $or: [{ stream }, { ancestors: stream }] };
    for (const { name } of collections) {
      const collection = db.collection<Piece>(name);
      // Heads first, those of earlier programs too: while there is one, everything is there.
      await collection.deleteMany({ $and: [gone, { $or: [{ part: 'head' }, { key: 'head' }] }] });
      await collection.deleteMany(gone);
    }
  };

  const discard = (stream: string): Promise<void> => ask(() => forget(stream));

  /** Writes layers of any number of streams. @returns those that are whole then, and have below them what they lie on */
  const addOf = async (kind: SnapshotKind, stacks: readonly Stack[]): Promise<readonly Stack[]> => {
    const collection = collectionOf(kind);
    const making = randomUUID();
    const all = stacks.map(({ layers }) => piecesOf(layers, making));
    // A head says that all the rest is there, of the layers below as well.
    await insertInTurn(collection, [
      ...all.flatMap(({ others }) => others),
      ...all.flatMap(({ heads }) => heads),
    ]);
    const needed = [...new Set(all.flatMap((each) => each.needed))];
    if ((await collection.countDocuments({ _id: { $in: needed } })) === needed.length)
      return stacks;
    const there = new Set(await collection.distinct('_id', { _id: { $in: needed } }));
    const isWhole = all.map((each) => each.needed.every((id) => there.has(id)));
    const torn = all.filter((_, n) => !isWhole[n]).flatMap(({ heads }) => heads);
    // The heads alone: on what else there is another node may have put layers again by now.
    await collection.deleteMany({ _id: { $in: torn.map(({ _id }) => _id) } });
    return stacks.filter((_, n) => isWhole[n]);
  };

  /** What is to be written while something else is goes together: to write a little more takes hardly longer. */
  const added = askedTogether(async (stacks: readonly Stack[]): Promise<ReadonlySet<Stack>> => {
    const kinds = new Map(stacks.map(({ kind }) => [snapshotCollection(kind), kind]));
    const done = await Promise.all(
      [...kinds].map(([name, kind]) =>
        addOf(
          kind,
          stacks.filter((stack) => snapshotCollection(stack.kind) === name),
        ),
      ),
    );
    return new Set(done.flat());
  });

  return {
    every,
    prepare: async (kinds) => {
      for (const kind of kinds)
        await collectionOf(kind).createIndexes([
          { key: { stream: 1, part: 1, revision: -1 } },
          { key: { stream: 1, keys: 1, revision: -1 } },
          { key: { ancestors: 1 } },
        ]);
    },
    newest: async (kind, segments) => {
      const { stream, revision: through, chain } = placeOf(segments);
      const piece = await newestIn(kind, { stream, part: 'head', ...upTo(through), ...chain });
      if (!piece) return undefined;
      const { revision, position, making } = piece;
      // What a digest fits was written by `add`.
      const { state, count } = (await read(piece)) as Readonly<{ state: object; count: number }>;
      return { stream, revision, position, head: state, count, ...(making && { making }) };
    },
    entries: async (kind, segments, keys, known) => {
      if (segments.length === 0) return new Map();
      const making = known ?? (await makingOf(kind, segments));
      const found = await Promise.all(
        keys.map(async (key) => {
          const entry = await entryIn(kind, segments, key);
          return entry === undefined ? [] : [[key, entry] as const];
        }),
      );
      // What was not found does not exist only if the layers were there all the time: neither removed, nor
      // removed and made anew.
      if ((await makingOf(kind, segments)) !== making)
        throw new SnapshotsUnavailable('the snapshot was made anew while it was read');
      return new Map(found.flat());
    },
    commands: async (kind, segments) => {
      const { stream, revision, chain } = placeOf(segments);
      const made = { stream, part: 'commands' as const, ...upTo(revision), ...chain };
      const pieces = await find(kind, made, recalledLayers);
      const lists = await Promise.all(pieces.reverse().map(read));
      return lists.flat() as readonly CarriedOut[];
    },
    add: async (kind, layers) => {
      const stack = { kind, layers };
      if (!(await added([stack])).has(stack))
        throw new SnapshotsUnavailable('snapshots were removed while others were written on them');
    },
    discard,
    forget,
  };
};

/** The condition for pieces of layers that were made on some segments, and no others. */
const madeOn = (older: readonly Segment[]) => ({
  ancestors: older.length > 0 ? older.map(({ stream }) => stream) : { $exists: false },
});

/** Where the last of some segments ends, and the condition for what was made on those before it. */
const placeOf = (segments: readonly Segment[]) => {
  const { stream, through } = segments.at(-1) ?? { stream: '', through: -1 };
  return { stream, revision: through, chain: madeOn(segments.slice(0, -1)) };
};

const upTo = (through: number) => (Number.isFinite(through) ? { revision: { $lte: through } } : {});

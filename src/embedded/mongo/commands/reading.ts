import { type Document, Long } from 'bson';
import { type Collection, segmentRange } from '../catalogue.js';
import { type Command, type Context, ensureThere, namespaceOf } from '../context.js';
import { type Results, takeBatch } from '../cursors.js';
import { CommandError } from '../errors.js';
import { encodeKey } from '../key-encoding.js';
import { pacer } from '../pace.js';
import { valuesAt } from '../paths.js';
import { compileProjection } from '../projection.js';
import { parseQuery } from '../query.js';
import { documentOf, type Query, type Search, search } from '../scan.js';
import { cursorReply } from '../wire.js';

const firstBatchDocuments = 101;

/** Answers with the first batch of a result and keeps the rest under a cursor. */
export const firstBatch = async (
  context: Context,
  ns: string,
  { collection, results }: Readonly<{ collection: Collection | undefined; results: Results }>,
  options: Readonly<{ batchSize?: unknown; singleBatch?: unknown }>,
): Promise<Buffer> => {
  const { cursors } = context;
  const cursor = cursors.create(ns, results, () => ensureThere(context, collection));
  const most = Number(options.batchSize ?? firstBatchDocuments);
  if (!(most >= 0)) throw new CommandError('BadValue', 'batchSize must not be negative');
  // With batchSize 0 a client asks for a cursor and nothing else, before any document is looked at.
  const { batch, isDone } =
    most === 0 ? { batch: [], isDone: false } : await takeBatch(cursor, most);
  const id = isDone || options.singleBatch ? Long.ZERO : cursors.keep(cursor);
  return cursorReply('firstBatch', { id, ns }, batch);
};

const nothing: Results = { next: () => ({ done: true, value: undefined }) };

function* projected(found: Search, spec: Document | undefined): Generator<Buffer | undefined> {
  const project = compileProjection(spec);
  for (const each of found) yield each && project(each);
}

/** The command `find`: the first batch, with a cursor for what is left. */
export const find: Command = (context, request) => {
  const ns = namespaceOf(request);
  const { args } = request;
  const collection = context.catalogue.find(ns);
  const query = parseQuery(args, collection);
  compileProjection(args.projection);
  const results = collection
    ? projected(search(context.store, collection, query), args.projection)
    : nothing;
  return firstBatch(
    context,
    ns,
    { collection, results },
    {
      batchSize: args.batchSize,
      // Old drivers ask with a negative limit for one batch and no cursor.
      singleBatch: args.singleBatch || Number(args.limit) < 0,
    },
  );
};

const cursorId = (value: unknown): Long => {
  if (Long.isLong(value)) return value;
  if (typeof value === 'number') return Long.fromNumber(value);
  throw new CommandError('TypeMismatch', 'a cursor id must be a 64-bit integer');
};

/** The command `getMore`: the next batch of a cursor, which is gone after its last. */
export const getMore: Command = async ({ cursors }, { db, args }) => {
  const ns = `${db}.${args.collection}`;
  const id = cursorId(args.getMore);
  const cursor = cursors.get(id, ns);
  const most = Number(args.batchSize || Number.POSITIVE_INFINITY);
  cursor.isBusy = true;
  try {
    const { batch, isDone } = await takeBatch(cursor, most);
    if (isDone) cursors.drop(id);
    return cursorReply('nextBatch', { id: isDone ? Long.ZERO : id, ns }, batch);
  } catch (error) {
    cursors.drop(id);
    throw error;
  } finally {
    cursor.isBusy = false;
  }
};

/** The command `killCursors`. */
export const killCursors: Command = ({ cursors }, { args }) => {
  const ids = (args.cursors as unknown[]).map(cursorId);
  const cursorsKilled = ids.filter((id) => cursors.drop(id));
  return {
    cursorsKilled,
    cursorsNotFound: ids.filter((id) => !cursorsKilled.includes(id)),
    cursorsAlive: [],
    cursorsUnknown: [],
    ok: 1,
  };
};

const countFound = async (found: Search): Promise<number> => {
  const pause = pacer();
  let count = 0;
  for (const each of found) {
    if (each) count++;
    await pause();
  }
  return count;
};

const isPlainCount = (args: Document, { skip, limit }: Query) =>
  Object.keys(args.query ?? {}).length === 0 && skip === 0 && limit === 0;

/** The command `count`. */
export const count: Command = async (context, request) => {
  const { store, catalogue } = context;
  const collection = catalogue.find(namespaceOf(request));
  const query = parseQuery(request.args, collection, 'query');
  if (!collection) return { n: 0, ok: 1 };
  if (isPlainCount(request.args, query))
    return { n: store.count(segmentRange(collection.segment)), ok: 1 };
  const n = await countFound(search(store, collection, query));
  ensureThere(context, collection);
  return { n, ok: 1 };
};

/** The command `distinct`. */
export const distinct: Command = async (context, request) => {
  const { store, catalogue } = context;
  const { key } = request.args;
  if (typeof key !== 'string') throw new CommandError('TypeMismatch', "'key' must be a string");
  const collection = catalogue.find(namespaceOf(request));
  const query = parseQuery(request.args, collection, 'query');
  const values = new Map<string, unknown>();
  const pause = pacer();
  for (const found of collection ? search(store, collection, query) : []) {
    if (found)
      for (const value of valuesAt(documentOf(found), key))
        values.set(encodeKey(value).toString('latin1'), value);
    await pause();
  }
  ensureThere(context, collection);
  return { values: [...values.values()], ok: 1 };
};

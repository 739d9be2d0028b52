import { type Document, ObjectId } from 'bson';
import type { Collection, Index } from './catalogue.js';
import type { Context } from './context.js';
import { idKeyOf } from './documents.js';
import { CommandError, unsupported } from './errors.js';
import { compileFilter, type Filter } from './filter.js';
import type { Sort } from './planner.js';
import { parseHint, parseSort, refuseOptions } from './query.js';
import { decode, decodeTyped, documentFrom, element, encode, idOf, withIdFirst } from './raw.js';
import { documentOf, type Found, search } from './scan.js';
import { compileUpdate, seedFrom } from './update.js';

/** What an update does to a document that it found, and what it makes where it found none. */
export type Modifier = Readonly<{
  change: (found: Found) => Buffer;
  /** @param filter the query, decoded with its types */
  create: (filter: Document) => Buffer;
}>;

/** Which documents a statement is about. */
export type Target = Readonly<{
  ns: string;
  filter: Filter;
  sort: Sort;
  hint?: unknown;
}>;

/**
 * Reads which documents a statement of a write means: its filter, sort and hint.
 *
 * @throws CommandError for options that change which documents are meant and are not done here
 */
export const parseTarget = (ns: string, args: Document, filterName: 'q' | 'query'): Target => {
  refuseOptions(args, ['collation', 'arrayFilters', 'let']);
  const filter = compileFilter((args[filterName] as Document | undefined) ?? {});
  return { ns, filter, sort: parseSort(args.sort), hint: args.hint };
};

const idElementOf = (raw: Buffer): Buffer => {
  const id = element(raw, '_id');
  return id ? raw.subarray(id.start, id.end) : Buffer.alloc(0);
};

const keepId = (old: Buffer, next: Buffer): Buffer => {
  const id = element(next, '_id');
  if (!id) return documentFrom([idElementOf(old), next.subarray(4, -1)]);
  if (idKeyOf(idOf(next)).equals(idKeyOf(idOf(old)))) return withIdFirst(next);
  throw new CommandError(
    'ImmutableField',
    "After applying the update, the (immutable) field '_id' was found to have been altered",
  );
};

const replacement = (raw: Buffer): Modifier => ({
  change: (found) => keepId(found.raw, raw),
  create: (filter) => {
    const { _id: asked } = seedFrom(filter);
    if (asked === undefined) return withIdFirst(raw);
    return keepId(encode({ _id: asked }), raw);
  },
});

const operators = (raw: Buffer): Modifier => {
  const update = compileUpdate(decodeTyped(raw));
  return {
    change: (found) => {
      const document = decodeTyped(found.raw);
      update(document, false);
      const next = encode(document);
      if (!element(next, '_id'))
        throw new CommandError('ImmutableField', "the (immutable) field '_id' cannot be removed");
      return keepId(found.raw, next);
    },
    create: (filter) => {
      const seed = seedFrom(filter);
      const asked: unknown = seed._id;
      update(seed, true);
      const next = withIdFirst(encode(seed), new ObjectId());
      return asked === undefined ? next : keepId(encode({ _id: asked }), next);
    },
  };
};

/**
 * Reads the update of a statement: a replacement, or operators.
 *
 * @param statement the document that holds it, undecoded
 */
export const parseModifier = (statement: Buffer, name: 'u' | 'update'): Modifier => {
  const found = element(statement, name);
  if (found?.type === 4) throw unsupported('an update that is a pipeline');
  if (found?.type !== 3) throw new CommandError('FailedToParse', 'an update must be a document');
  const raw = statement.subarray(found.valueStart, found.end);
  return raw[4] !== 0 && raw[5] === 0x24 ? operators(raw) : replacement(raw);
};

const indexesFor = (collection: Collection, hint: unknown): { indexes?: readonly Index[] } => {
  const indexes = parseHint(hint, collection);
  return indexes ? { indexes } : {};
};

/** Looks for the documents a statement means. Read to its end inside a write, it sees that write. */
export const findTargets = (context: Context, target: Target, limit: number) => {
  const { store, catalogue, documents } = context;
  const collection = catalogue.find(target.ns);
  if (!collection) return [];
  const { filter, sort, hint } = target;
  if (filter.text) documents.postings.settle();
  return search(store, collection, {
    filter,
    sort,
    skip: 0,
    limit,
    ...indexesFor(collection, hint),
  });
};

/** Applies a modifier to a found document. True if that changed any byte. */
export const modify = (
  { documents }: Context,
  ns: string,
  modifier: Modifier,
  found: Found,
): Readonly<{ isChanged: boolean; raw: Buffer }> => {
  const raw = modifier.change(found);
  if (raw.equals(found.raw)) return { isChanged: false, raw };
  documents.replace(ns, found.idKey, documentOf(found), raw);
  return { isChanged: true, raw };
};

/**
 * Makes the document of an upsert. Here is the rule that all projections rest on: where a document of
 * that `_id` exists and only the rest of the filter did not fit, this is a duplicate key, and not a
 * second document.
 */
export const upsert = (
  { documents }: Context,
  ns: string,
  modifier: Modifier,
  filter: Document,
): Readonly<{ id: unknown; raw: Buffer }> => {
  const raw = modifier.create(filter);
  documents.insert(ns, raw);
  return { id: decodeTyped(raw)._id, raw };
};

/** The document under that key as it is now, if it still passes the filter; undefined if not. */
export const stillFits = (
  filter: Filter,
  idKey: Buffer,
  raw: Buffer | undefined,
): Found | undefined => {
  if (!raw) return undefined;
  const document = decode(raw);
  return filter.test(document) ? { idKey, raw, document } : undefined;
};

/** The filter of a statement, decoded with its types: what an upsert takes its first fields from. */
export const typedFilter = (statement: Buffer, name: 'q' | 'query'): Document => {
  const found = element(statement, name);
  return found ? decodeTyped(statement.subarray(found.valueStart, found.end)) : {};
};

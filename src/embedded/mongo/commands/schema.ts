import { type Document, Long, UUID } from 'bson';
import type { Collection, Index } from '../catalogue.js';
import { splitNamespace } from '../catalogue.js';
import { type Command, type Context, namespaceOf, writeWith } from '../context.js';
import { CommandError, unsupported } from '../errors.js';
import { compileFilter } from '../filter.js';
import { buildIndex } from '../index-building.js';
import { parseIndex, sameSpec } from '../index-spec.js';
import { refuseOptions } from '../query.js';
import { encode } from '../raw.js';
import { cursorReply } from '../wire.js';

const collectionOptions = [
  'capped',
  'timeseries',
  'viewOn',
  'validator',
  'collation',
  'clusteredIndex',
  'expireAfterSeconds',
  'changeStreamPreAndPostImages',
  'encryptedFields',
];

/** The command `create`, for plain collections: options that change what a collection is are refused. */
export const create: Command = (context, request) => {
  refuseOptions(request.args, collectionOptions);
  const ns = namespaceOf(request);
  return writeWith(context, () => {
    if (context.catalogue.find(ns))
      throw new CommandError('NamespaceExists', `Collection ${ns} already exists.`);
    context.catalogue.create(ns);
    return { ok: 1 };
  });
};

/** The command `drop`. The collection is gone at once; its documents are removed little by little afterwards. */
export const drop: Command = async (context, request) => {
  const ns = namespaceOf(request);
  const reply = await writeWith(context, () => {
    const { indexes } = context.catalogue.get(ns);
    context.catalogue.drop(ns);
    return { nIndexesWas: indexes.length, ns, ok: 1 };
  });
  context.purge();
  return reply;
};

/** The command `dropDatabase`. Documents are removed little by little afterwards. */
export const dropDatabase: Command = async (context, { db }) => {
  await writeWith(context, () => {
    for (const { ns } of context.catalogue.list(db)) context.catalogue.drop(ns);
  });
  context.purge();
  return { dropped: db, ok: 1 };
};

/** The command `renameCollection`, within one database. */
export const renameCollection: Command = async (context, { args }) => {
  const [from, to] = [String(args.renameCollection), String(args.to)];
  if (splitNamespace(from)[0] !== splitNamespace(to)[0])
    throw unsupported('renaming into another database');
  await writeWith(context, () => context.catalogue.rename(from, to, Boolean(args.dropTarget)));
  context.purge();
  return { ok: 1 };
};

const wholeList = (ns: string, documents: readonly Document[]) =>
  cursorReply('firstBatch', { id: Long.ZERO, ns }, documents.map(encode));

const describeCollection = ({ ns, uuid, indexes }: Collection): Document => ({
  name: splitNamespace(ns)[1],
  type: 'collection',
  options: {},
  info: { readOnly: false, uuid: new UUID(uuid) },
  idIndex: indexes[0]?.spec,
});

/** The command `listCollections`. */
export const listCollections: Command = ({ catalogue }, { db, args }) => {
  const { test } = compileFilter((args.filter as Document | undefined) ?? {});
  const all = catalogue.list(db).map(describeCollection).filter(test);
  const shown = args.nameOnly ? all.map(({ name, type }) => ({ name, type })) : all;
  return wholeList(`${db}.$cmd.listCollections`, shown);
};

/** The command `listDatabases`. */
export const listDatabases: Command = ({ catalogue, store }, { args }) => {
  const { test } = compileFilter((args.filter as Document | undefined) ?? {});
  const names = [...new Set(catalogue.list().map(({ ns }) => splitNamespace(ns)[0]))];
  const totalSize = store.sizeOnDisk();
  // All databases share one file, so the size of one of them is not known.
  const databases = names.map((name) => ({ name, sizeOnDisk: 0, empty: false })).filter(test);
  if (args.nameOnly) return { databases: databases.map(({ name }) => ({ name })), ok: 1 };
  return { databases, totalSize, totalSizeMb: Math.round(totalSize / 1024 / 1024), ok: 1 };
};

const specsOf = ({ args }: { args: Document }): Document[] => {
  const specs: unknown = args.indexes;
  if (!Array.isArray(specs) || specs.length === 0)
    throw new CommandError('BadValue', 'Must specify at least one index to create');
  return specs as Document[];
};

/** The command `createIndexes`: answers once the indexes are built. */
export const createIndexes: Command = async (context, request) => {
  const ns = namespaceOf(request);
  const wanted = specsOf(request).map(parseIndex);
  const isNew = !context.catalogue.find(ns);
  const numIndexesBefore = context.catalogue.find(ns)?.indexes.length ?? 1;
  for (const index of wanted) await createIndex(context, ns, index);
  const numIndexesAfter = context.catalogue.get(ns).indexes.length;
  return {
    numIndexesBefore,
    numIndexesAfter,
    createdCollectionAutomatically: isNew,
    ...(numIndexesAfter === numIndexesBefore && { note: 'all indexes already exist' }),
    ok: 1,
  };
};

const createIndex = async (context: Context, ns: string, wanted: Omit<Index, 'segment'>) => {
  const isAdded = await writeWith(context, () => {
    const { indexes } = context.catalogue.getOrCreate(ns);
    const same = indexes.find(
      ({ name, spec }) => name === wanted.name || sameSpec(spec, wanted.spec),
    );
    if (same?.name === wanted.name && sameSpec(same.spec, wanted.spec)) return false;
    if (same?.name === wanted.name)
      throw new CommandError(
        'IndexKeySpecsConflict',
        `An existing index has the same name as the requested index: ${wanted.name}`,
      );
    if (same)
      throw new CommandError(
        'IndexOptionsConflict',
        `Index already exists with a different name: ${same.name}`,
      );
    context.catalogue.saveIndex(ns, { ...wanted, segment: context.catalogue.newSegment() });
    return true;
  });
  if (isAdded) await buildIndex(context, ns, wanted.name);
};

/** The command `listIndexes`: those that are built. */
export const listIndexes: Command = ({ catalogue }, request) => {
  const ns = namespaceOf(request);
  const ready = catalogue.get(ns).indexes.filter(({ isBuilding }) => !isBuilding);
  return wholeList(
    ns,
    ready.map(({ spec }) => spec),
  );
};

/** The command `dropIndexes`, by name, by key, or `*` for all but that of `_id`. */
export const dropIndexes: Command = async (context, request) => {
  const ns = namespaceOf(request);
  const asked: unknown = request.args.index;
  const reply = await writeWith(context, () => {
    const { indexes } = context.catalogue.get(ns);
    const [, ...droppable] = indexes;
    const isMeant = ({ name, spec }: Index) =>
      asked === '*' ||
      [asked].flat().includes(name) ||
      JSON.stringify(asked) === JSON.stringify(spec.key);
    if (asked === '_id_') throw new CommandError('InvalidOptions', 'cannot drop _id index');
    const meant = droppable.filter(isMeant);
    if (meant.length === 0 && asked !== '*')
      throw new CommandError('IndexNotFound', `index not found with name [${String(asked)}]`);
    for (const index of meant) context.catalogue.dropIndex(ns, index);
    return { nIndexesWas: indexes.length, ok: 1 };
  });
  context.purge();
  return reply;
};

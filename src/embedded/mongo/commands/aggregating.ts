import type { Document } from 'bson';
import type { Collection } from '../catalogue.js';
import { type Command, type Context, namespaceOf } from '../context.js';
import type { Results } from '../cursors.js';
import { unsupported } from '../errors.js';
import { isDocument } from '../paths.js';
import {
  applyStages,
  loadShape,
  parsePipeline,
  type Shape,
  type Stage,
  splitPipeline,
} from '../pipeline.js';
import { parseHint, refuseOptions } from '../query.js';
import { encode } from '../raw.js';
import { documentOf, type Search, search } from '../scan.js';
import { firstBatch } from './reading.js';

const countOnly = (rest: readonly Stage[]): string | undefined => {
  const [stage, other] = rest;
  if (!stage || other) return undefined;
  if (stage.name === '$count') return String(stage.spec);
  // What the driver's countDocuments sends.
  const { spec } = stage;
  const isCount =
    stage.name === '$group' &&
    isDocument(spec) &&
    JSON.stringify(spec) === JSON.stringify({ _id: 1, n: { $sum: 1 } });
  return isCount ? 'n' : undefined;
};

function* shaped(
  found: Search,
  rest: readonly Stage[],
  shape: Shape,
): Generator<Buffer | undefined> {
  if (rest.length === 0) {
    for (const each of found) yield each?.raw;
    return;
  }
  const counted = countOnly(rest);
  const documents: Document[] = [];
  let total = 0;
  for (const each of found) {
    if (each) total++;
    if (each && !counted) documents.push(documentOf(each));
    yield undefined;
  }
  if (counted) {
    if (total > 0)
      yield encode(rest[0]?.name === '$count' ? { [counted]: total } : { _id: 1, n: total });
    return;
  }
  for (const document of applyStages(rest, documents, shape)) yield encode(document);
}

function* none(): Search {}

const start = async (
  context: Context,
  collection: Collection | undefined,
  args: Document,
): Promise<Results> => {
  const { query, rest } = splitPipeline(parsePipeline(args.pipeline));
  const indexes = parseHint(args.hint, collection);
  const shape = await loadShape(countOnly(rest) ? [] : rest);
  const found: Search = collection
    ? search(context.store, collection, { ...query, ...(indexes && { indexes }) })
    : none();
  return shaped(found, rest, shape);
};

/** The command `aggregate`, on one collection. */
export const aggregate: Command = async (context, request) => {
  const { args } = request;
  refuseOptions(args, ['collation', 'let']);
  if (typeof args.aggregate !== 'string') throw unsupported('an aggregation of a whole database');
  const ns = namespaceOf(request);
  const collection = context.catalogue.find(ns);
  const results = await start(context, collection, args);
  const batchSize: unknown = (args.cursor as Document | undefined)?.batchSize;
  return firstBatch(context, ns, { collection, results }, { batchSize });
};

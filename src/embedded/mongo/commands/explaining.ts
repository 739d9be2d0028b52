import type { Document } from 'bson';
import type { Collection } from '../catalogue.js';
import type { Command } from '../context.js';
import { unsupported } from '../errors.js';
import { pacer } from '../pace.js';
import { parsePipeline, splitPipeline } from '../pipeline.js';
import { type IndexScan, type Plan, planQuery } from '../planner.js';
import { parseHint, parseQuery } from '../query.js';
import { type Query, searchWith } from '../scan.js';

const describeScan = ({ index, isReverse, ranges, score }: IndexScan): Document => {
  const direction = isReverse ? 'backward' : 'forward';
  // The documents themselves are the entries of _id_: read whole, that is the collection scan.
  if (index.name === '_id_' && score === 0) return { stage: 'COLLSCAN', direction };
  return {
    stage: 'FETCH',
    inputStage: {
      stage: 'IXSCAN',
      indexName: index.name,
      keyPattern: Object.fromEntries(index.fields),
      isMultiKey: index.isMultikey.includes(true),
      isUnique: index.isUnique,
      direction,
      ranges: ranges.length,
    },
  };
};

const describePlan = ({ scans, isSorted, text }: Plan, query: Query): Document => {
  const stages = text ? [{ stage: 'TEXT_MATCH', indexName: text.name }] : scans.map(describeScan);
  const isMerged = query.sort.length > 0 && isSorted;
  const inner: Document | undefined =
    stages.length === 1
      ? stages[0]
      : { stage: isMerged ? 'SORT_MERGE' : 'OR', inputStages: stages };
  if (isSorted) return inner ?? {};
  return { stage: 'SORT', sortPattern: Object.fromEntries(query.sort), inputStage: inner };
};

const queryOf = (command: Document, name: string, collection: Collection | undefined): Query => {
  switch (name) {
    case 'find':
      return parseQuery(command, collection);
    case 'count':
    case 'distinct':
      return parseQuery(command, collection, 'query');
    case 'findAndModify':
      return { ...parseQuery(command, collection, 'query'), limit: 1 };
    case 'aggregate': {
      const indexes = parseHint(command.hint, collection);
      const { query } = splitPipeline(parsePipeline(command.pipeline));
      return { ...query, ...(indexes && { indexes }) };
    }
    case 'update':
    case 'delete': {
      const [statement = {}] = (command[name === 'update' ? 'updates' : 'deletes'] ??
        []) as Document[];
      const { q, hint } = statement;
      return parseQuery({ filter: q, hint }, collection);
    }
    default:
      throw unsupported(`explain of ${name}`);
  }
};

/** Tells which indexes serve a query and, where it is asked to carry it out, how much was looked at. */
export const explain: Command = async ({ store, catalogue }, { db, args }) => {
  const command = args.explain as Document;
  const [name = ''] = Object.keys(command);
  const ns = `${db}.${command[name]}`;
  const collection = catalogue.find(ns);
  const query = queryOf(command, name, collection);
  const head = { explainVersion: '1', command, ok: 1 };
  if (!collection)
    return {
      ...head,
      queryPlanner: { namespace: ns, winningPlan: { stage: 'EOF' }, rejectedPlans: [] },
    };
  const plan = planQuery(collection, query.filter, query.sort, query.indexes);
  const queryPlanner = { namespace: ns, winningPlan: describePlan(plan, query), rejectedPlans: [] };
  if (args.verbosity === 'queryPlanner') return { ...head, queryPlanner };
  const examined = { keys: 0, documents: 0 };
  const pause = pacer();
  let nReturned = 0;
  for (const found of searchWith(
    plan,
    { store, collection, filter: query.filter, examined },
    query,
  )) {
    if (found) nReturned++;
    await pause();
  }
  const executionStats = {
    executionSuccess: true,
    nReturned,
    totalKeysExamined: examined.keys,
    totalDocsExamined: examined.documents,
  };
  return { ...head, queryPlanner, executionStats };
};

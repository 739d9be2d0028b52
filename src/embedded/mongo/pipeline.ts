import type { Document } from 'bson';
import { Aggregator } from 'mingo/aggregator';
import { Context as Operators, ProcessingMode } from 'mingo/core';
import * as accumulators from 'mingo/operators/accumulator';
import * as expressions from 'mingo/operators/expression';
import {
  $addFields,
  $bucket,
  $group,
  $project,
  $replaceRoot,
  $replaceWith,
  $sample,
  $set,
  $sortByCount,
  $unset,
  $unwind,
} from 'mingo/operators/pipeline';
import { CommandError, unsupported } from './errors.js';
import { compileFilter, everything } from './filter.js';
import { isDocument } from './paths.js';
import { parseSort } from './query.js';
import type { Query } from './scan.js';
import { sortKeyOf } from './sort-key.js';

// $match, $sort, $skip, $limit and $count are done here, with the order and the filters of find;
// mingo does what shapes and groups documents.
const shaping = {
  $addFields,
  $bucket,
  $group,
  $project,
  $replaceRoot,
  $replaceWith,
  $sample,
  $set,
  $sortByCount,
  $unset,
  $unwind,
};
const own = ['$match', '$sort', '$skip', '$limit', '$count'];

const { $function: _, ...withoutScripts } = expressions as Readonly<Record<string, unknown>>;
const { $accumulator: __, ...plainAccumulators } = accumulators as Readonly<
  Record<string, unknown>
>;
const operators = Operators.init({
  accumulator: plainAccumulators as typeof accumulators,
  expression: withoutScripts as typeof expressions,
  pipeline: shaping,
});

/** One stage of a pipeline. */
export type Stage = Readonly<{ name: string; spec: unknown }>;

/** @throws CommandError for stages that are unknown or not done here */
export const parsePipeline = (pipeline: unknown): Stage[] => {
  if (!Array.isArray(pipeline))
    throw new CommandError('TypeMismatch', "'pipeline' option must be specified as an array");
  return pipeline.map((stage: unknown) => {
    const [name, other] = isDocument(stage) ? Object.keys(stage) : [];
    if (!isDocument(stage) || name === undefined || other !== undefined)
      throw new CommandError(
        'FailedToParse',
        'A pipeline stage specification object must contain exactly one field.',
      );
    if (!own.includes(name) && !Object.hasOwn(shaping, name))
      throw new CommandError(
        'UnrecognizedPipelineStage',
        `Unrecognized pipeline stage name: '${name}' (by Forkline's embedded MongoDB)`,
      );
    return { name, spec: stage[name] };
  });
};

const wholeNumber = ({ name, spec }: Stage): number => {
  const count = Number(spec);
  if (!Number.isInteger(count) || count < (name === '$limit' ? 1 : 0))
    throw new CommandError('BadValue', `${name} needs a whole number`);
  return count;
};

const filterOf = ({ spec }: Stage) => {
  if (!isDocument(spec))
    throw new CommandError('FailedToParse', 'the match filter must be an expression in an object');
  return compileFilter(spec);
};

const plainFilterOf = (stage: Stage) => {
  const filter = filterOf(stage);
  if (filter.text) throw unsupported('$text in any but the first stage');
  return filter;
};

/** The stages at the start that a search can do, as a query, and those that are left. */
export const splitPipeline = (
  stagesLeft: readonly Stage[],
): { query: Query; rest: readonly Stage[] } => {
  const rest = [...stagesLeft];
  const take = (name: string): Stage | undefined =>
    rest[0]?.name === name ? rest.shift() : undefined;
  const match = take('$match');
  const sort = take('$sort');
  const skip = take('$skip');
  const limit = take('$limit');
  const query = {
    filter: match ? filterOf(match) : everything,
    sort: sort ? parseSort(sort.spec as Document) : [],
    skip: skip ? wholeNumber(skip) : 0,
    limit: limit ? wholeNumber(limit) : 0,
  };
  return { query, rest };
};

// The field that every result begins with, wherever mingo puts it.
const idFirst = (document: Document): Document =>
  Object.hasOwn(document, '_id') ? { _id: document._id, ...document } : document;

/** What a stage makes of documents. @throws CommandError for operators that mingo does not know */
export const applyStage = (documents: readonly Document[], stage: Stage): Document[] => {
  switch (stage.name) {
    case '$match':
      return documents.filter(plainFilterOf(stage).test);
    case '$sort': {
      const keyOf = sortKeyOf(parseSort(stage.spec as Document));
      return documents
        .map((document) => ({ document, key: keyOf(document) }))
        .sort((a, b) => Buffer.compare(a.key, b.key))
        .map(({ document }) => document);
    }
    case '$skip':
      return documents.slice(wholeNumber(stage));
    case '$limit':
      return documents.slice(0, wholeNumber(stage));
    case '$count':
      return documents.length > 0 ? [{ [String(stage.spec)]: documents.length }] : [];
    default: {
      const aggregator = new Aggregator([{ [stage.name]: stage.spec } as Document], {
        context: operators,
        processingMode: ProcessingMode.CLONE_INPUT,
        scriptEnabled: false,
      });
      try {
        return aggregator.run([...documents]).map(idFirst);
      } catch (error) {
        throw new CommandError(
          'BadValue',
          `${stage.name}: ${error instanceof Error ? error.message : error}`,
        );
      }
    }
  }
};

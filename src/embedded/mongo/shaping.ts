import type { Document } from 'bson';
import { Aggregator } from 'mingo/aggregator';
import { Context, ProcessingMode } from 'mingo/core';
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
import { CommandError } from './errors.js';
import type { Shape, ShapingStage } from './pipeline.js';

const stages = {
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
} satisfies Record<ShapingStage, unknown>;

// What runs code of the client's has no place in a server.
const { $function: _, ...expression } = expressions as Readonly<Record<string, unknown>>;
const { $accumulator: __, ...accumulator } = accumulators as Readonly<Record<string, unknown>>;

const context = Context.init({
  accumulator: accumulator as typeof accumulators,
  expression: expression as typeof expressions,
  pipeline: stages,
});

// The field that every result begins with, wherever mingo puts it.
const idFirst = (document: Document): Document =>
  Object.hasOwn(document, '_id') ? { _id: document._id, ...document } : document;

/**
 * Carries out shaping stages over documents, by the library mingo.
 *
 * @throws CommandError for expressions that mingo does not know, or cannot evaluate
 */
export const shape: Shape = (name, spec, documents) => {
  const options = { context, processingMode: ProcessingMode.CLONE_INPUT, scriptEnabled: false };
  try {
    return new Aggregator([{ [name]: spec } as Document], options).run([...documents]).map(idFirst);
  } catch (error) {
    throw new CommandError(
      'BadValue',
      `${name}: ${error instanceof Error ? error.message : error}`,
    );
  }
};

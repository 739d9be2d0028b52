import type { Document } from 'bson';
import { CommandError, unsupported } from './errors.js';
import { compileFilter, everything } from './filter.js';
import { isDocument } from './paths.js';
import { parseSort } from './query.js';
import type { Query } from './scan.js';
import { sortKeyOf } from './sort-key.js';

// $match, $sort, $skip, $limit and $count are done here, with the order and the filters of find;
// mingo does what shapes and groups documents.
const own = ['$match', '$sort', '$skip', '$limit', '$count'];
const shaping = [
  '$addFields',
  '$bucket',
  '$group',
  '$project',
  '$replaceRoot',
  '$replaceWith',
  '$sample',
  '$set',
  '$sortByCount',
  '$unset',
  '$unwind',
] as const;

/** A stage that mingo does. */
export type ShapingStage = (typeof shaping)[number];

const isShaping = (name: string): name is ShapingStage => shaping.some((each) => each === name);

/** One stage of a pipeline. */
export type Stage = Readonly<{ name: string; spec: unknown }>;

/**
 * Reads the stages of an aggregation.
 *
 * @throws CommandError for stages that are unknown or not done here
 */
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
    if (!own.includes(name) && !isShaping(name))
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

/** Makes of documents what a shaping stage makes of them. */
export type Shape = (
  name: ShapingStage,
  spec: unknown,
  documents: readonly Document[],
) => Document[];

const noShape: Shape = () => [];

/** What carries out the shaping stages among these. It takes long to load, and most servers never need it. */
export const loadShape = async (stages: readonly Stage[]): Promise<Shape> =>
  stages.some(({ name }) => isShaping(name)) ? (await import('./shaping.js')).shape : noShape;

/** What stages make of documents, one after another. */
export const applyStages = (
  stages: readonly Stage[],
  documents: readonly Document[],
  shape: Shape,
): readonly Document[] =>
  stages.reduce<readonly Document[]>((left, stage) => applyStage(left, stage, shape), documents);

const applyStage = (
  documents: readonly Document[],
  stage: Stage,
  shape: Shape,
): readonly Document[] => {
  const { name, spec } = stage;
  if (isShaping(name)) return shape(name, spec, documents);
  switch (name) {
    case '$match':
      return documents.filter(plainFilterOf(stage).test);
    case '$sort': {
      const keyOf = sortKeyOf(parseSort(spec as Document));
      return documents
        .map((document) => ({ document, key: keyOf(document) }))
        .sort((a, b) => Buffer.compare(a.key, b.key))
        .map(({ document }) => document);
    }
    case '$skip':
      return documents.slice(wholeNumber(stage));
    case '$limit':
      return documents.slice(0, wholeNumber(stage));
    default:
      return documents.length > 0 ? [{ [String(spec)]: documents.length }] : [];
  }
};

import type { Document } from 'bson';
import type { Index } from './catalogue.js';
import { CommandError, unsupported } from './errors.js';
import { isArrayIndex, isDocument } from './paths.js';
import { refuseOptions } from './query.js';

const refused = [
  'sparse',
  'partialFilterExpression',
  'expireAfterSeconds',
  'collation',
  'hidden',
  'wildcardProjection',
];

const shapeOf = ({ key, unique, weights }: Document): string =>
  JSON.stringify([Object.entries(key ?? {}), Boolean(unique), weights ?? null]);

/** Whether two index specifications ask for the same index, names aside. */
export const sameSpec = (a: Document, b: Document): boolean => shapeOf(a) === shapeOf(b);

const parseField = (path: string, direction: unknown): readonly [string, 1 | -1] => {
  if (direction !== 1 && direction !== -1)
    throw unsupported(`an index of kind ${JSON.stringify(direction)}`);
  const parts = path.split('.');
  if (parts.some((part) => part === '' || part.startsWith('$') || isArrayIndex(part)))
    throw new CommandError('CannotCreateIndex', `an index on '${path}' is not possible`);
  return [path, direction];
};

/**
 * Reads what createIndexes asks for.
 *
 * @throws CommandError for kinds and options of indexes that are not done here
 */
export const parseIndex = (spec: Document): Omit<Index, 'segment'> => {
  refuseOptions(spec, refused);
  const { key, name } = spec;
  if (!isDocument(key) || Object.keys(key).length === 0 || typeof name !== 'string' || name === '')
    throw new CommandError('CannotCreateIndex', 'an index needs a key pattern and a name');
  const fields = Object.entries(key).map(([path, direction]) => parseField(path, direction));
  const isUnique = Boolean(spec.unique);
  return {
    name,
    fields,
    isUnique,
    spec: { v: 2, key, name, ...(isUnique && { unique: true }) },
    isMultikey: fields.map(() => false),
    hasCut: false,
    isBuilding: true,
  };
};

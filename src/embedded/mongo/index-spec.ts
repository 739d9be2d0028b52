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

const areLast = (key: Document, texts: readonly string[]) =>
  Object.keys(key)
    .slice(-texts.length)
    .every((path) => texts.includes(path));

// As MongoDB lists it: the text stands as `_fts`, and the fields with their weights apart.
const parseText = (spec: Document, key: Document, texts: readonly string[]) => {
  if (spec.unique) throw unsupported('a unique text index');
  if (!areLast(key, texts)) throw unsupported('a text index with fields behind the text');
  for (const path of texts) parseField(path, 1);
  const before = Object.entries(key).filter(([path]) => !texts.includes(path));
  const weights = Object.fromEntries(
    texts.map((path) => [path, Number(spec.weights?.[path] ?? 1)]),
  );
  return {
    spec: {
      v: 2,
      key: { ...Object.fromEntries(before), _fts: 'text', _ftsx: 1 },
      name: spec.name,
      weights,
      default_language: 'none',
      language_override: 'language',
      textIndexVersion: 3,
    },
  };
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
  const isUnique = Boolean(spec.unique);
  const texts = Object.keys(key).filter((path) => key[path] === 'text');
  const text = texts.length > 0 ? parseText(spec, key, texts) : undefined;
  const fields = Object.entries(key)
    .filter(([path]) => !texts.includes(path))
    .map(([path, direction]) => parseField(path, direction));
  return {
    name,
    fields,
    isUnique,
    spec: text?.spec ?? { v: 2, key, name, ...(isUnique && { unique: true }) },
    ...(text && { text: { weights: text.spec.weights } }),
    isMultikey: fields.map(() => false),
    hasCut: false,
    isBuilding: true,
  };
};

import type { Document } from 'bson';
import { CommandError } from './errors.js';
import { emptyArray } from './key-encoding.js';
import { fieldOf, isDocument } from './paths.js';

/** The values of one index entry, one for each of the index's paths. */
export type KeyTuple = readonly unknown[];

/** The entries a document has in an index, and which of the paths went through an array: empty for none. */
export type Extraction = Readonly<{
  tuples: readonly KeyTuple[];
  throughArray: readonly boolean[];
}>;

type Walk = Readonly<{ value: unknown; rest: readonly string[] }>;

/** Goes down through documents until the path ends or meets an array. */
const descend = ({ value, rest }: Walk): Walk => {
  let at = value;
  let depth = 0;
  for (; depth < rest.length && isDocument(at); depth++) at = fieldOf(at, rest[depth] ?? '');
  if (depth < rest.length && !Array.isArray(at)) return { value: undefined, rest: [] };
  return { value: at, rest: depth === 0 ? rest : rest.slice(depth) };
};

/** Stands for what a path leads to that meets an array, or ends at one. */
const several = Symbol('several');

const singleAt = (document: Document, parts: readonly string[]): unknown => {
  let at: unknown = document;
  for (const part of parts) {
    if (Array.isArray(at)) return several;
    at = isDocument(at) ? fieldOf(at, part) : undefined;
  }
  return Array.isArray(at) ? several : at;
};

/**
 * Finds the index entries of a document: one for each combination of array elements, where all
 * paths that go through the same array go through the same element.
 *
 * @param paths dotted paths, split
 * @throws CommandError CannotIndexParallelArrays when two different arrays would have to be combined
 */
export const extractKeys = (
  document: Document,
  paths: readonly (readonly string[])[],
): Extraction => {
  const values = paths.map((parts) => singleAt(document, parts));
  if (!values.includes(several)) return { tuples: [values], throughArray: [] };
  const walks = paths.map((rest) => descend({ value: document, rest }));
  return expand(walks, walks.find(({ value }) => Array.isArray(value))?.value as unknown[]);
};

/**
 * Whether a path leads to the same scalar in two documents, and through no array: then it makes the same
 * index entries of both. What is not that simple counts as different.
 *
 * @param parts a dotted path, split
 */
export const isSameAt = (a: Document, b: Document, parts: readonly string[]): boolean => {
  const one = singleAt(a, parts);
  const other = singleAt(b, parts);
  if (one instanceof Date && other instanceof Date) return one.getTime() === other.getTime();
  return one === other && one !== several;
};

const expand = (walks: readonly Walk[], array: readonly unknown[]): Extraction => {
  const isThrough = walks.map(({ value }) => value === array);
  if (walks.some(({ value }) => Array.isArray(value) && value !== array))
    throw new CommandError('CannotIndexParallelArrays', 'cannot index parallel arrays');
  const fixed = (): unknown[] => walks.map(({ value }) => value);
  if (array.length === 0) {
    const tuple = fixed().map((value, i) =>
      isThrough[i] ? (walks[i]?.rest.length === 0 ? emptyArray : undefined) : value,
    );
    return { tuples: [tuple], throughArray: isThrough };
  }
  const tuples = array.flatMap((item): KeyTuple[] => {
    const inner = walks.map((walk, i): Walk => {
      if (!isThrough[i] || walk.rest.length === 0) return { value: undefined, rest: [] };
      return isDocument(item)
        ? descend({ value: item, rest: walk.rest })
        : { value: undefined, rest: [] };
    });
    const values = fixed().map((value, i) => {
      if (!isThrough[i]) return value;
      return walks[i]?.rest.length === 0 ? item : inner[i]?.value;
    });
    const deeper = inner.find(({ value }) => Array.isArray(value))?.value;
    if (!Array.isArray(deeper)) return [values];
    return expand(inner, deeper).tuples.map((tuple) =>
      tuple.map((value, i) => (inner[i]?.value === deeper ? value : values[i])),
    );
  });
  return { tuples, throughArray: isThrough };
};

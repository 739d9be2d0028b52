import type { Document } from 'bson';
import { compareValues, emptyArray, encodeKeys } from './key-encoding.js';
import { anyAt } from './paths.js';
import { type Sort, textScore } from './planner.js';

const sortValue = (document: Document, parts: readonly string[], direction: 1 | -1): unknown => {
  let found: unknown;
  let isFound = false;
  const offer = (value: unknown) => {
    if (!isFound || compareValues(value, found) * direction < 0) found = value;
    isFound = true;
    return false;
  };
  anyAt(
    document,
    parts,
    (value) => {
      if (!Array.isArray(value)) return offer(value);
      if (value.length === 0) return offer(emptyArray);
      for (const item of value) offer(item);
      return false;
    },
    true,
  );
  return found;
};

/**
 * What a document is sorted by, as bytes: of an array, its smallest element when ascending and its
 * largest when descending, as MongoDB does.
 */
export const sortKeyOf = (sort: Sort): ((document: Document, score?: number) => Buffer) => {
  const paths = sort.map(([path, direction]) => ({ path, parts: path.split('.'), direction }));
  const directions = sort.map(([, direction]) => direction);
  return (document, score) =>
    encodeKeys(
      paths.map(({ path, parts, direction }) =>
        path === textScore ? score : sortValue(document, parts, direction),
      ),
      directions,
    );
};

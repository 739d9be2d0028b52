import type { Document } from 'bson';

/** Whether a value is an embedded document, rather than a scalar, an array or a BSON value class. */
export const isDocument = (value: unknown): value is Document =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Date) &&
  !(value instanceof Uint8Array) &&
  (value as { _bsontype?: unknown })._bsontype === undefined;

/** The field of a document; undefined when it has none, also for names that every object inherits. */
export const fieldOf = (document: Document, name: string): unknown =>
  Object.hasOwn(document, name) ? document[name] : undefined;

/** Whether a part of a path can mean a place in an array. */
export const isArrayIndex = (part: string): boolean => /^\d+$/.test(part);

/** Looks at a value that a path leads to; undefined where it leads to nothing. */
export type ValueTest = (value: unknown) => boolean;

/**
 * Whether any value that a dotted path leads to passes the test. Arrays on the way are gone
 * through, element by element or, for a number in the path, at that place; an array at the end is
 * offered element by element and then whole, unless `whole` asks for the array alone.
 */
export const anyAt = (
  value: unknown,
  parts: readonly string[],
  test: ValueTest,
  whole = false,
  depth = 0,
): boolean => {
  const part = parts[depth];
  if (part === undefined)
    return Array.isArray(value) && !whole ? value.some(test) || test(value) : test(value);
  if (Array.isArray(value)) {
    for (const item of value)
      if (isDocument(item) && anyAt(item, parts, test, whole, depth)) return true;
    return isArrayIndex(part) && Number(part) < value.length
      ? anyAt(value[Number(part)], parts, test, whole, depth + 1)
      : false;
  }
  if (isDocument(value)) return anyAt(fieldOf(value, part), parts, test, whole, depth + 1);
  return test(undefined);
};

/** Every value that a path leads to, arrays at its end taken apart; for `distinct`. */
export const valuesAt = (document: Document, path: string): unknown[] => {
  const found: unknown[] = [];
  anyAt(
    document,
    path.split('.'),
    (value) => {
      if (value !== undefined) found.push(value);
      return false;
    },
    true,
  );
  return found.flat(1);
};

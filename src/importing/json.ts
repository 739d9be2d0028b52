import { createHash } from 'node:crypto';
import { isObject, type JsonObject, type JsonValue } from '../domain/json.js';
import { UnreadableRecording } from './unreadable-recording.js';

/** How deep a recording may be nested: with what is put around it, well within the 100 levels of MongoDB. */
const MAX_DEPTH = 64;

/** Whether a JSON value is a list. */
export const isList = (value: JsonValue | undefined): value is readonly JsonValue[] =>
  Array.isArray(value);

/** Whether a JSON value is text. */
export const isText = (value: JsonValue | undefined): value is string => typeof value === 'string';

/** The object without the fields that are undefined. */
export const compact = (fields: Readonly<Record<string, JsonValue | undefined>>): JsonObject =>
  Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined),
  );

/**
 * Parses JSON that can also be written, stored and compared again.
 *
 * @throws UnreadableRecording when it is not JSON, is nested deeper than {@link MAX_DEPTH}, holds a
 *   number no double can hold (JSON.parse makes it infinite, JSON.stringify then null), or a key
 *   that has a meaning of its own where it is copied or stored: `__proto__`, `_bsontype`, or one with
 *   a null character
 */
export const parseJson = (text: string): JsonValue => {
  let value: JsonValue;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UnreadableRecording(`not JSON (${(error as Error).message})`);
  }
  check(value, 0);
  return value;
};

/** The SHA-256, in hex, of a value's canonical form: keys sorted, no white space. */
export const contentHash = (value: JsonValue): string =>
  createHash('sha256').update(canonical(value)).digest('hex');

const canonical = (value: JsonValue): string => JSON.stringify(sorted(value));

const sorted = (value: JsonValue): JsonValue => {
  if (isList(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key] ?? null)]),
  );
};

const check = (value: JsonValue, depth: number): void => {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new UnreadableRecording('holds a number that is too large');
  if (typeof value !== 'object' || value === null) return;
  if (depth >= MAX_DEPTH) throw new UnreadableRecording(`nested deeper than ${MAX_DEPTH} levels`);
  if (isList(value)) {
    for (const item of value) check(item, depth + 1);
    return;
  }
  for (const [key, item] of Object.entries(value)) {
    if (key === '__proto__' || key === '_bsontype' || key.includes('\0'))
      throw new UnreadableRecording(`holds a key that cannot be stored: ${JSON.stringify(key)}`);
    check(item, depth + 1);
  }
};

import jsonPatch from 'fast-json-patch';

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

export type JsonObject = { readonly [key: string]: JsonValue };

/** Whether a JSON value is an object; lists and null are none. */
export const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** How much a value takes up as JSON in UTF-8, in bytes. */
export const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/**
 * Whether two values are the same JSON, whatever the order of their keys. Undefined is the same as
 * undefined only.
 */
export const isSameJson = (a: unknown, b: unknown): boolean =>
  (a === undefined) === (b === undefined) &&
  jsonPatch.compare({ value: a }, { value: b }).length === 0;

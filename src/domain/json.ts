import jsonPatch from 'fast-json-patch';

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

export type JsonObject = { readonly [key: string]: JsonValue };

/**
 * Whether two values are the same JSON, whatever the order of their keys. Undefined is the same as
 * undefined only.
 */
export const isSameJson = (a: unknown, b: unknown): boolean =>
  (a === undefined) === (b === undefined) &&
  jsonPatch.compare({ value: a }, { value: b }).length === 0;

import type { JsonObject, JsonValue } from '../client/client.js';

/** Whether a JSON value is an object; lists and null are none. */
export const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

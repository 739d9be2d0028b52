import { isObject, type JsonObject, type JsonValue } from './json.js';

/**
 * Merges a patch into a JSON value (RFC 7396): what the patch has is put in, what it has as null is
 * taken out, lists are replaced as a whole. Neither value is changed; keys such as `__proto__` are
 * keys like any other.
 */
export const mergePatch = (target: JsonValue | undefined, patch: JsonValue): JsonValue =>
  isObject(patch) ? mergeObject(isObject(target) ? target : {}, patch) : patch;

/** {@link mergePatch} of an object into an object, which gives an object. */
export const mergeObject = (target: JsonObject, patch: JsonObject): JsonObject => {
  const merged = new Map(Object.entries(target));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  }
  return Object.fromEntries(merged);
};

import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../src/domain/json.js';

/** Keys that paths, prototypes and libraries have been known to trip over, beside plain ones. */
const key = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'b', 'c') },
  fc.constantFrom('', '0', '1', '-', '/', '~', '~1', 'a/b', 'length', 'constructor', '__proto__'),
  fc.constantFrom('prototype', 'toJSON', 'toString', 'size', 'get', '@@__IMMUTABLE_ITERABLE__@@'),
  fc.string(),
);

const { object } = fc.letrec<{ value: JsonValue; object: JsonObject; array: JsonValue[] }>(
  (tie) => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.oneof(fc.constant(null), fc.boolean(), fc.integer(), fc.double(), fc.string()),
      tie('object'),
      tie('array'),
    ),
    array: fc.array(tie('value'), { maxLength: 4 }),
    object: fc
      .array(fc.tuple(key, tie('value')), { maxLength: 4 })
      .map((entries) => Object.fromEntries(entries) as JsonObject),
  }),
);

/** Any JSON object, as it comes out of a parser: what JSON cannot say (NaN, -0) is no longer in it. */
export const jsonObjects: fc.Arbitrary<JsonObject> = object.map(asParsed);

/** A JSON object and another: unrelated, or different in a few places of an object or a list. */
export const jsonPairs: fc.Arbitrary<readonly [JsonObject, JsonObject]> = fc
  .tuple(fc.constantFrom('unrelated', 'object', 'list'), jsonObjects, jsonObjects, jsonObjects)
  .map(([how, one, other, shared]) => {
    if (how === 'object')
      return [
        { ...shared, one },
        { ...shared, other },
      ];
    if (how === 'list') return [{ list: [shared, one, shared] }, { list: [shared, other] }];
    return [one, other];
  });

function asParsed(value: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(value));
}

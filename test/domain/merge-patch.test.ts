import { deepStrictEqual } from 'node:assert/strict';
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../src/domain/json.js';
import { mergeObject, mergePatch } from '../../src/domain/merge-patch.js';
import { jsonObjects } from '../support/json.js';

/** The examples of RFC 7396, appendix A: original, patch, result. */
const examples: readonly (readonly [JsonValue, JsonValue, JsonValue])[] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

it.each(examples)('merges into %j the patch %j as RFC 7396 does', (original, patch, result) =>
  expect(mergePatch(original, patch)).toStrictEqual(result),
);

it('leaves both as they were, and changes nothing when it is done again', () =>
  fc.assert(
    fc.property(jsonObjects, jsonObjects, (target, patch) => {
      const before = JSON.stringify([target, patch]);
      const once = mergeObject(target, patch);
      deepStrictEqual(mergeObject(once, patch), once);
      expect(JSON.stringify([target, patch])).toBe(before);
    }),
  ));

it('takes keys that mean something in JavaScript as keys like any other', () => {
  const patch = JSON.parse(
    '{"__proto__":{"a":1},"constructor":{"prototype":{"a":1}}}',
  ) as JsonObject;
  const merged = mergeObject({}, patch);
  expect(JSON.stringify(merged)).toBe(JSON.stringify(patch));
  expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
  expect({}).not.toHaveProperty('a');
});

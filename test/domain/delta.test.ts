// Jest's equality trips over keys such as `constructor`, Node's does not.
import { deepStrictEqual } from 'node:assert/strict';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { applyDelta, deltaBetween } from '../../src/domain/delta.js';
import type { JsonObject } from '../../src/domain/json.js';
import { jsonObjects, jsonPairs } from '../support/json.js';

const json = (text: string): JsonObject => JSON.parse(text);

/** Freezes all the way down, so that a write anywhere throws. */
const frozen = <Value>(value: Value): Value => {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(frozen);
  return Object.freeze(value);
};

describe('the delta between two states', () => {
  it('leads from the one to the other, whatever they are', () =>
    fc.assert(
      fc.property(jsonPairs, ([before, after]) => {
        const reached = applyDelta(before, deltaBetween(before, after));
        deepStrictEqual(reached, after);
      }),
      { numRuns: 1_000 },
    ));
  it('leads there after being stored, too', () =>
    fc.assert(
      fc.property(jsonPairs, ([before, after]) => {
        const stored = JSON.parse(JSON.stringify(deltaBetween(before, after)));
        deepStrictEqual(applyDelta(before, stored), after);
      }),
      { numRuns: 1_000 },
    ));
  it('leaves the state before as it was', () =>
    fc.assert(
      fc.property(jsonPairs, ([before, after]) => {
        frozen(before);
        frozen(after);
        applyDelta(before, frozen(deltaBetween(before, after)));
      }),
    ));
  it('is empty between a state and itself', () =>
    fc.assert(
      fc.property(jsonObjects, (state) => {
        expect(deltaBetween(state, structuredClone(state))).toStrictEqual([]);
      }),
    ));
});

describe('applying a delta', () => {
  const cases: readonly (readonly [name: string, before: string, after: string])[] = [
    ['a changed value', '{"a":1}', '{"a":2}'],
    ['an added and a removed key', '{"a":1}', '{"b":1}'],
    ['a longer list', '{"a":[1]}', '{"a":[1,2,3]}'],
    ['a shorter list', '{"a":[1,2,3,4]}', '{"a":[1]}'],
    ['an emptied list', '{"a":[1,2]}', '{"a":[]}'],
    ['a list in place of an object', '{"a":{"0":1}}', '{"a":[1]}'],
    ['an object in place of a list', '{"a":[1]}', '{"a":{"0":1}}'],
    ['null in place of an object', '{"a":{"b":1}}', '{"a":null}'],
    ['slashes and tildes in keys', '{"a/b":1,"~":{"/":1}}', '{"a/b":2,"~":{"/":2}}'],
    ['an empty key', '{"":{"":1}}', '{"":{"":2}}'],
    [
      'a key named constructor',
      '{"constructor":"Ferrari","lap":1}',
      '{"constructor":"Ferrari","lap":2}',
    ],
    ['a changed constructor', '{"constructor":"Ferrari"}', '{"constructor":"McLaren"}'],
    ['a key named __proto__', '{"__proto__":{"a":1},"b":1}', '{"__proto__":{"a":2},"b":2}'],
    ['several changes in one list', '{"a":[{"b":1},{"b":2},{"b":3}]}', '{"a":[{"b":4},{"c":2}]}'],
    ['keys in a list', '{"a":[{"constructor":1,"b":1}]}', '{"a":[{"constructor":1,"b":2}]}'],
  ];
  it.each(cases)('gets %s right', (_, before, after) => {
    const reached = applyDelta(json(before), deltaBetween(json(before), json(after)));
    deepStrictEqual(reached, json(after));
  });

  it('shares with the state before what it does not touch', () => {
    const before = json('{"large":{"list":[1,2,3]},"step":1}');
    const after = applyDelta(before, [{ op: 'replace', path: '/step', value: 2 }]);
    expect(after.large).toBe(before.large);
  });
});

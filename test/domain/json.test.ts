import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fingerprint } from '../../src/domain/fingerprint.js';
import { isSameJson, type JsonValue } from '../../src/domain/json.js';
import { jsonObjects, jsonPairs } from '../support/json.js';

/** The same JSON with every object's keys in the opposite order. */
const reversed = (value: JsonValue): JsonValue => {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(reversed);
  const entries = Object.entries(value).map(([key, inner]) => [key, reversed(inner)] as const);
  return Object.fromEntries(entries.reverse());
};

const same: readonly (readonly [JsonValue | undefined, JsonValue | undefined])[] = [
  [undefined, undefined],
  [null, null],
  [1, 1],
  ['', ''],
  [[], []],
  [{}, {}],
  [
    { a: 1, b: [{ c: null, d: '' }] },
    { b: [{ d: '', c: null }], a: 1 },
  ],
];
const different: readonly (readonly [JsonValue | undefined, JsonValue | undefined])[] = [
  [undefined, null],
  [undefined, {}],
  [null, 0],
  [0, false],
  [1, '1'],
  ['', false],
  [[], {}],
  [[], [null]],
  [
    [1, 2],
    [2, 1],
  ],
  [{ a: 1 }, { a: 1, b: null }],
  [{ a: { b: 1 } }, { a: { b: 2 } }],
  [{ '0': 1 }, [1]],
];

describe('comparing JSON', () => {
  it.each(same)('finds %j and %j the same', (a, b) => {
    expect(isSameJson(a, b)).toBe(true);
    expect(isSameJson(b, a)).toBe(true);
  });
  it.each(different)('finds %j and %j different', (a, b) => {
    expect(isSameJson(a, b)).toBe(false);
    expect(isSameJson(b, a)).toBe(false);
  });
  it('sees past the order of keys, whatever the value', () =>
    fc.assert(
      fc.property(jsonObjects, (value) => expect(isSameJson(value, reversed(value))).toBe(true)),
    ));
});

describe('a fingerprint', () => {
  it('is a SHA-256 of the JSON with its keys in order', () =>
    // printf '{"a":[1,null],"b":"é"}' | openssl dgst -sha256 -binary | basenc --base64url
    expect(fingerprint({ b: 'é', a: [1, null] })).toBe(
      '4Dw8HrtfzNduO9NbmoYWnzXm8bBpZF1IrCeBdfVMQgg',
    ));
  it('has whole numbers among the keys before all others, as objects have them', () =>
    // printf '{"9":1,"10":[2],"b":3}' | openssl dgst -sha256 -binary | basenc --base64url
    expect(fingerprint({ b: 3, '10': [2], '9': 1 })).toBe(
      'BEb_eBuQetlYbYhbWj0w9wK1ySPDbs1Sd7zAnP3TW8o',
    ));
  it('is the same whatever the order of keys', () =>
    fc.assert(
      fc.property(jsonObjects, (value) =>
        expect(fingerprint(reversed(value))).toBe(fingerprint(value)),
      ),
    ));
  it('is the same for two values exactly where they are the same JSON', () =>
    fc.assert(
      fc.property(jsonPairs, ([a, b]) =>
        expect(fingerprint(a) === fingerprint(b)).toBe(isSameJson(a, b)),
      ),
    ));
  it.each(different.slice(2))('tells %j from %j', (a, b) =>
    expect(fingerprint(a)).not.toBe(fingerprint(b)),
  );
});

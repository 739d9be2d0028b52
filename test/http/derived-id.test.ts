import { expect, it } from '@jest/globals';
import { v7, validate, version } from 'uuid';
import { derivedId } from '../../src/http/derived-id.js';

it('what a request creates has ids that are the same again, in order, and of the same moment', () => {
  const newId = v7();
  const ids = Array.from({ length: 500 }, (_, index) => derivedId(newId, index));
  expect(ids).toEqual(ids.map((_, index) => derivedId(newId, index)));
  expect(new Set(ids).size).toBe(500);
  expect([...ids].sort()).toEqual(ids);
  for (const id of ids) {
    expect(validate(id) && version(id)).toBe(7);
    expect(id.slice(0, 13)).toBe(newId.slice(0, 13));
  }
});

it('what other requests of the same moment create has other ids', () => {
  const msecs = 1_700_000_000_000;
  expect(derivedId(v7({ msecs }), 0)).not.toBe(derivedId(v7({ msecs }), 0));
});

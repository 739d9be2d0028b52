import { expect, it } from '@jest/globals';
import { validate, version } from 'uuid';
import { newId } from '../../src/http/new-id.js';

it('ids are UUIDs of version 7, each greater than the one before', () => {
  const ids = Array.from({ length: 5_000 }, newId);
  expect(ids.every((id) => validate(id) && version(id) === 7)).toBe(true);
  expect(ids).toStrictEqual([...new Set(ids)].sort());
});

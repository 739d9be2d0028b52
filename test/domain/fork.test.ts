import { expect, it } from '@jest/globals';
import { originOf } from '../../src/domain/fork.js';

it('finds the nearest ancestor of a fork', () =>
  expect(
    originOf([
      { stream: 'session-a', through: 4 },
      { stream: 'session-b', through: 9 },
    ]),
  ).toStrictEqual({ stream: 'session-b', revision: 9 }));

it('finds none for a stream that is no fork', () => expect(originOf([])).toBeUndefined());

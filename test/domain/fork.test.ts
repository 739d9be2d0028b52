import { expect, it } from '@jest/globals';
import { archiveOf, settledAncestry, shownAncestry } from '../../src/domain/archive.js';
import { detached, originOf } from '../../src/domain/fork.js';

it('finds the nearest ancestor of a fork', () =>
  expect(
    originOf([
      { stream: 'session-a', through: 4 },
      { stream: 'session-b', through: 9 },
    ]),
  ).toStrictEqual({ stream: 'session-b', revision: 9 }));

it('finds none for a stream that is no fork', () => expect(originOf([])).toBeUndefined());

const ancestry = [
  { stream: 'session-a', through: 4 },
  { stream: 'session-b', through: 9 },
  { stream: 'session-c', through: 12 },
];

it.each([
  ['none', [], ancestry],
  ['the oldest, which is no fork', ['session-a'], ancestry],
  [
    'one in the middle',
    ['session-b'],
    [{ stream: 'archive-session-b', through: 4 }, ...ancestry.slice(1)],
  ],
  [
    'several',
    ['session-c', 'session-b'],
    [{ stream: 'archive-session-c', through: 9 }, ...ancestry.slice(2)],
  ],
  ['the fork itself', ['session-f', 'session-b'], [{ stream: 'archive-session-f', through: 12 }]],
])('finds what a fork inherits where %s was detached', (_, streams, expected) =>
  expect(
    settledAncestry('session-f', ancestry, (stream) => streams.includes(stream)),
  ).toStrictEqual(expected),
);

it('shows an archive and its fork as one', () => {
  const archive = archiveOf('session-c');
  const own = { stream: 'session-c', through: 12 };
  const later = { stream: 'session-d', through: 20 };
  const settled = [{ stream: archive, through: 9 }, own, later];
  expect(shownAncestry(settled)).toStrictEqual([own, later]);
  expect(shownAncestry([{ stream: archive, through: 7 }, later])).toStrictEqual([
    { stream: 'session-c', through: 7 },
    later,
  ]);
  expect(shownAncestry(ancestry)).toStrictEqual(ancestry);
  expect(originOf([{ stream: archive, through: 7 }])).toStrictEqual({
    ...{ stream: 'session-c', revision: 7 },
  });
});

it('marks where a fork comes from, and nothing where it does not', () => {
  const forkedFrom = { stream: 'session-a', revision: 4 };
  expect(detached({ forkedFrom })).toStrictEqual({ forkedFrom: { ...forkedFrom, detached: true } });
  expect(detached({})).toStrictEqual({});
});

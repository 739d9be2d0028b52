import { describe, expect, it } from '@jest/globals';
import type { ProjectionStatus } from '../../src/projecting/runner.js';
import { standstillWatch } from '../../src/projecting/standstill.js';

const sessions = (position: number, lagSeconds: number | null = 0): ProjectionStatus => ({
  ...{ name: 'sessions', version: 1, position },
  ...{ lagEvents: null, lagSeconds, stuck: false },
});

const limits = { lagSeconds: 60, graceSeconds: 10 };

/** Shows a watch one status after the other, and gives what it says of each. */
const watched = (
  looks: readonly (readonly [
    seconds: number,
    status: ProjectionStatus,
    head: number | undefined,
  ])[],
  within = limits,
) => {
  const judge = standstillWatch(within);
  return looks.map(([seconds, status, head]) =>
    judge([status], head, seconds * 1000).get('sessions'),
  );
};

describe('a projection', () => {
  it('that has come to the end of the events does not stand still, however long', () =>
    expect(
      watched([
        [0, sessions(7), 7],
        [1_000, sessions(7), 7],
      ]),
    ).toEqual([undefined, undefined]));

  it('is stuck when it has come no further for longer than the grace time though there is more', () =>
    expect(
      watched([
        [0, sessions(7), 8],
        [10, sessions(7), 8],
        [10.1, sessions(7), 8],
        [11, sessions(8), 8],
      ]),
    ).toEqual([undefined, undefined, 'stuck', undefined]));

  it('is stuck when its own measurements say that nothing waits', () =>
    expect(
      watched([
        [0, sessions(7, 0), 8],
        [11, sessions(7, 0), 9],
      ]),
    ).toEqual([undefined, 'stuck']));

  it('is not stuck while it comes further, however slowly', () =>
    expect(
      watched([
        [0, sessions(1), 9_000],
        [9, sessions(2), 9_000],
        [18, sessions(3), 9_000],
      ]),
    ).toEqual([undefined, undefined, undefined]));

  it('begins a new grace time when there is something new after a rest', () =>
    expect(
      watched([
        [0, sessions(7), 7],
        [100, sessions(7), 8],
        [109, sessions(7), 8],
        [111, sessions(7), 8],
      ]),
    ).toEqual([undefined, undefined, undefined, 'stuck']));

  it('stays stuck when the event store goes away, and is not called so for that alone', () => {
    expect(
      watched([
        [0, sessions(7), 8],
        [5, sessions(7), undefined],
        [11, sessions(7), undefined],
      ]),
    ).toEqual([undefined, undefined, 'stuck']);
    expect(
      watched([
        [0, sessions(7), 7],
        [11, sessions(7), undefined],
        [99, sessions(7), undefined],
      ]),
    ).toEqual([undefined, undefined, undefined]);
  });

  it('is behind when it was too far behind for longer than the grace time', () =>
    expect(
      watched([
        [0, sessions(1, 61), 99],
        [9, sessions(2, 70), 99],
        [11, sessions(3, 72), 99],
        [12, sessions(4, 60), 99],
        [13, sessions(5, 61), 99],
        [22, sessions(6, 61), 99],
        [24, sessions(7, 61), 99],
      ]),
    ).toEqual([undefined, undefined, 'behind', undefined, undefined, undefined, 'behind']));

  it('is never behind where any distance is allowed, or none is known', () => {
    const looks = (lag: number | null) =>
      [
        [0, sessions(1, lag), 99],
        [11, sessions(2, lag), 99],
      ] as const;
    expect(watched(looks(9_999), { lagSeconds: 0, graceSeconds: 10 })).toEqual([
      undefined,
      undefined,
    ]);
    expect(watched(looks(null))).toEqual([undefined, undefined]);
  });
});

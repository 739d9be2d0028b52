import { describe, expect, it } from '@jest/globals';
import { audience } from '../../src/feed/audience.js';
import type { FeedEvent } from '../../src/feed/feed-event.js';
import { type Filter, wantedBy } from '../../src/feed/filter.js';
import { type Listener, telling } from '../../src/feed/telling.js';
import { eventually } from './support/waiting.js';

const eventAt = (position: number, type: string): FeedEvent => ({
  position,
  names: { ...none, owner: ['ann'], type: [type], stream: [`session-${position % 300}`] },
  json: Buffer.from('{}'),
});
const none = { stream: [], session: [], owner: [], type: [], topic: [], category: [] };

type Told = Readonly<{ positions: readonly number[]; isAll: boolean }>;

const start = () => {
  const all = audience<Listener>();
  const join = (filter: Filter, told: Told[], then: () => void = () => undefined) =>
    all.add(wantedBy({ userId: 'ann', admin: false }, filter), (isShown) => ({
      tell: (found, isAll) => {
        const events = isShown ? found.filter(isShown) : found;
        if (events.length === 0) return;
        told.push({ positions: events.map(({ position }) => position), isAll });
        then();
      },
    }));
  return { tell: telling(all), join };
};

describe('telling many what happens', () => {
  it('tells what came together together, and says so when that is all', async () => {
    const { tell, join } = start();
    const told: Told[] = [];
    join({}, told);
    tell(eventAt(1, 'A'));
    tell(eventAt(2, 'B'));
    expect(told).toEqual([]);
    await eventually(() => told.length > 0, 'everything is told');
    expect(told).toEqual([{ positions: [1, 2], isAll: true }]);
    tell(eventAt(3, 'A'));
    await eventually(() => told.length > 1, 'everything is told');
    expect(told[1]).toEqual({ positions: [3], isAll: true });
  });

  it('tells each what it wants in order, however the others differ and however much there is', async () => {
    const { tell, join } = start();
    // The last is in the index only by some of what it names: the rest is compared event by event.
    const many = Array.from({ length: 100 }, (_, n) => `session-${n}`);
    const filters: Filter[] = [{}, { types: ['A'] }, { types: ['A', 'B'] }, { types: ['B'] }];
    const [everyone, a, ab, b, long] = [...filters, { streams: many, types: ['A', 'B'] }].map(
      (filter) => {
        const told: Told[] = [];
        join(filter, told);
        return () => told.flatMap(({ positions }) => positions);
      },
    );
    const all = Array.from({ length: 1_000 }, (_, n) => n + 1);
    const typeOf = (n: number) => (n % 7 < 3 ? 'A' : n % 7 < 5 ? 'B' : 'C');
    for (const n of all) tell(eventAt(n, typeOf(n)));
    await eventually(() => everyone!().length === all.length, 'everything is told');
    expect(everyone!()).toEqual(all);
    expect(a!()).toEqual(all.filter((n) => typeOf(n) === 'A'));
    expect(b!()).toEqual(all.filter((n) => typeOf(n) === 'B'));
    expect(ab!()).toEqual(all.filter((n) => typeOf(n) !== 'C'));
    expect(long!()).toEqual(all.filter((n) => typeOf(n) !== 'C' && n % 300 < 100));
  });

  it('tells those nothing more who leave while others are told', async () => {
    const { tell, join } = start();
    const told: [Told[], Told[], Told[]] = [[], [], []];
    const leave: (() => void)[] = [];
    leave.push(join({}, told[0], () => leave.forEach((go) => void go())));
    leave.push(join({}, told[1]));
    join({}, told[2]);
    tell(eventAt(1, 'A'));
    await eventually(() => told[2].length > 0, 'everything is told');
    tell(eventAt(2, 'A'));
    await eventually(() => told[2].length > 1, 'everything is told');
    expect(told.map(({ length }) => length)).toEqual([1, 0, 2]);
  });
});

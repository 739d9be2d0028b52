import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { acknowledgements } from '../../src/feed/acknowledgements.js';
import { backoff } from '../../src/feed/backoff.js';
import { fairWork } from '../../src/feed/fair-work.js';
import { paceBy } from '../../src/feed/pace.js';
import { sharedRead } from '../../src/feed/shared-read.js';

describe('acknowledgements', () => {
  it('cover everything up to their position, and tell when the window is full', () => {
    const acks = acknowledgements(4);
    for (const position of [10, 20, 30]) acks.sent(position);
    expect(acks.isFull()).toBe(false);
    expect(acks.room()).toBeUndefined();
    acks.sent(40);
    expect(acks.isFull()).toBe(true);
    expect(acks.room()).toBeInstanceOf(Promise);
    acks.acknowledge(9);
    expect(acks.isFull()).toBe(true);
    acks.acknowledge(35);
    expect(acks.isFull()).toBe(false);
    expect(acks.room()).toBeUndefined();
  });
});

describe('pace', () => {
  it('lets everyone go on who waited, once there is room', async () => {
    let hasRoom = false;
    const pace = paceBy(() => hasRoom);
    let resumed = 0;
    const waiting = [pace.room(), pace.room()].map((room) =>
      room?.then(() => {
        resumed += 1;
      }),
    );
    pace.moved();
    await Promise.resolve();
    expect(resumed).toBe(0);
    hasRoom = true;
    pace.moved();
    await Promise.all(waiting);
    expect(resumed).toBe(2);
    expect(pace.room()).toBeUndefined();
  });
});

describe('fair work', () => {
  it('is done in the order of asking, a little at a time, and others come in between', async () => {
    const fair = fairWork(2);
    const order: unknown[] = [];
    const busy = (n: number) => () => {
      for (const until = performance.now() + 1; performance.now() < until; );
      return order.push(n);
    };
    const done = Promise.all(Array.from({ length: 50 }, (_, n) => fair.run(busy(n))));
    let others = 0;
    const other = () => {
      others += 1;
      if (order.length < 50) setImmediate(other);
    };
    other();
    await done;
    expect(order).toEqual(Array.from({ length: 50 }, (_, n) => n));
    // Of 50 ms of work, no more than two or three pieces are done in one go.
    expect(others).toBeGreaterThan(15);
  });

  it('fails for the one whose work fails', async () => {
    const fair = fairWork(2);
    const failing = fair.run(() => {
      throw new Error('broken');
    });
    const other = fair.run(() => 'fine');
    await expect(failing).rejects.toThrow('broken');
    expect(await other).toBe('fine');
  });
});

describe('a shared read', () => {
  it('answers no one with what was read before they asked, and reads no more than that takes', async () => {
    const reads: ((value: number) => void)[] = [];
    const read = sharedRead(
      () =>
        new Promise<number>((resolve) => {
          reads.push(resolve);
        }),
    );
    const first = read();
    const [second, third] = [read(), read()];
    expect(reads).toHaveLength(1);
    reads[0]?.(1);
    expect(await first).toBe(1);
    await Promise.resolve();
    expect(reads).toHaveLength(2);
    const fourth = read();
    reads[1]?.(2);
    expect(await Promise.all([second, third])).toEqual([2, 2]);
    await new Promise(setImmediate);
    expect(reads).toHaveLength(3);
    reads[2]?.(3);
    expect(await fourth).toBe(3);
  });

  it('reads again after a failure, which only those hear of who shared it', async () => {
    let reads = 0;
    const read = sharedRead(async () => {
      reads += 1;
      if (reads === 1) throw new Error('lost');
      return reads;
    });
    const [first, second] = [read(), read()];
    await expect(first).rejects.toThrow('lost');
    expect(await second).toBe(2);
    expect(await read()).toBe(3);
  });
});

describe('backoff', () => {
  it('doubles up to the most, less a half at random', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000 }), (failures) => {
        const full = Math.min(5_000, 100 * 2 ** (failures - 1));
        const waits = backoff(failures, { firstMs: 100, mostMs: 5_000 });
        expect(waits).toBeGreaterThanOrEqual(full / 2);
        expect(waits).toBeLessThanOrEqual(full);
      }),
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { batches } from '../../src/projecting/batches.js';

const none = { received: () => {}, held: () => {} };
const upTo = (items: number) => ({ items, weight: Number.POSITIVE_INFINITY, weigh: () => 0 });

/** Gives control to everything that is ready to go on, many times over. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
};

/** A source that gives numbers without end and knows how many it gave. */
const numbers = () => {
  const source = { given: 0, isClosed: false };
  async function* iterate() {
    try {
      for (;;) {
        source.given += 1;
        yield source.given;
      }
    } finally {
      source.isClosed = true;
    }
  }
  return Object.assign(source, { [Symbol.asyncIterator]: iterate });
};

async function* of<Item>(...items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

describe('batches', () => {
  it('give every item once and in order, in batches no larger than allowed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat()), fc.integer({ min: 1, max: 7 }), async (items, max) => {
        const seen: number[] = [];
        for await (const batch of batches(of(...items), upTo(max), none)) {
          expect(batch.length).toBeGreaterThan(0);
          expect(batch.length).toBeLessThanOrEqual(max);
          seen.push(...batch);
        }
        expect(seen).toEqual(items);
      }),
    );
  });

  it('hold all that came while the one before was used', async () => {
    const taken = batches(numbers(), upTo(5), none);
    expect((await taken.next()).value).toEqual([1]);
    await settled();
    expect((await taken.next()).value).toEqual([2, 3, 4, 5, 6]);
    await taken.return(undefined);
  });

  it('never read the source more than two batches ahead, and say when they hold it back', async () => {
    const source = numbers();
    const held: boolean[] = [];
    const taken = batches(source, upTo(10), { ...none, held: (is) => held.push(is) });
    let used = (await taken.next()).value?.length ?? 0;
    for (let round = 0; round < 5; round++) {
      await settled();
      expect(source.given - used).toBe(20);
      expect(held.at(-1)).toBe(true);
      used += (await taken.next()).value?.length ?? 0;
    }
    expect(held).toContain(false);
    await taken.return(undefined);
  });

  it('end early for items that weigh much, and hold the source back for their weight', async () => {
    const source = numbers();
    const limits = { items: 100, weight: 10, weigh: () => 4 };
    const taken = batches(source, limits, none);
    let used = (await taken.next()).value?.length ?? 0;
    for (let round = 0; round < 3; round++) {
      await settled();
      expect(source.given - used).toBe(5);
      const batch = (await taken.next()).value ?? [];
      expect(batch).toHaveLength(3);
      used += batch.length;
    }
    await taken.return(undefined);
  });

  it('show each item as it comes, before its batch is taken', async () => {
    const received: number[] = [];
    const taken = batches(of(1, 2, 3), upTo(2), { ...none, received: (n) => received.push(n) });
    await taken.next();
    await settled();
    expect(received).toEqual([1, 2, 3]);
    await taken.return(undefined);
  });

  it('give what came before a failure, and then fail as the source did', async () => {
    const failure = new Error('lost');
    async function* failing() {
      yield* [1, 2, 3];
      throw failure;
    }
    const seen: (readonly number[])[] = [];
    const reading = (async () => {
      for await (const batch of batches(failing(), upTo(2), none)) {
        seen.push(batch);
        await settled();
      }
    })();
    await expect(reading).rejects.toBe(failure);
    expect(seen.flat()).toEqual([1, 2, 3]);
  });

  it('fail also with what is no error', async () => {
    // biome-ignore lint/correctness/useYield: a source that fails before it gives anything
    async function* failing(): AsyncGenerator<number> {
      throw undefined;
    }
    const first = batches(failing(), upTo(2), none).next();
    await expect(first.then(() => 'ended')).rejects.toBeUndefined();
  });

  it('close the source when they are left early, also while it is held back', async () => {
    for (const rounds of [0, 100]) {
      const source = numbers();
      for await (const _ of batches(source, upTo(3), none)) {
        for (let turn = 0; turn < rounds; turn++) await new Promise(setImmediate);
        break;
      }
      await settled();
      expect(source.isClosed).toBe(true);
      expect(source.given).toBeLessThanOrEqual(9);
    }
  });

  it('pass over a failure that comes after they were left', async () => {
    let fail = () => {};
    async function* failing() {
      yield 1;
      await new Promise<void>((_, reject) => {
        fail = () => reject(new Error('lost too late'));
      });
    }
    for await (const _ of batches(failing(), upTo(3), none)) {
      await settled();
      break;
    }
    fail();
    await settled();
  });
});

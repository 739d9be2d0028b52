import { describe, expect, it } from '@jest/globals';
import { inboxOf } from '../../src/client/inbox.js';

const nothing = () => {};

const takeAll = async <Item>(inbox: AsyncIterable<Item>): Promise<readonly Item[]> => {
  const taken: Item[] = [];
  for await (const item of inbox) taken.push(item);
  return taken;
};

describe('an inbox', () => {
  it('gives what waits in order, then what comes, then ends', async () => {
    const inbox = inboxOf<number>(nothing, nothing);
    inbox.put(1);
    inbox.put(2);
    const taking = takeAll(inbox);
    inbox.put(3);
    inbox.end();
    expect(await taking).toEqual([1, 2, 3]);
  });

  it('throws the error it ends with only after what waited was taken', async () => {
    const inbox = inboxOf<number>(nothing, nothing);
    inbox.put(1);
    inbox.end(new Error('over'));
    const taken: number[] = [];
    const taking = (async () => {
      for await (const item of inbox) taken.push(item);
    })();
    await expect(taking).rejects.toThrow('over');
    expect(taken).toEqual([1]);
  });

  it('tells of each item as it is taken, and of the loop being left', async () => {
    const told: (number | string)[] = [];
    const inbox = inboxOf<number>(
      (item) => told.push(item),
      () => told.push('left'),
    );
    inbox.put(1);
    inbox.put(2);
    for await (const item of inbox) if (item === 1) break;
    expect(told).toEqual([1, 'left']);
    expect(inbox.size()).toBe(1);
  });

  it('is drained once everything was taken, or dropped', async () => {
    const inbox = inboxOf<number>(nothing, nothing);
    await inbox.drained();
    inbox.put(1);
    let isDrained = false;
    const drained = inbox.drained().then(() => {
      isDrained = true;
    });
    await Promise.resolve();
    expect(isDrained).toBe(false);
    inbox.clear();
    await drained;
    expect(inbox.size()).toBe(0);
  });
});

import { expect, it } from '@jest/globals';
import { inLanes } from '../../src/commands/lanes.js';

/** Work that says when it starts and ends when told. */
const controlled = (log: string[], name: string) => {
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const work = async (): Promise<string> => {
    log.push(`${name} starts`);
    await ended;
    log.push(`${name} ends`);
    return name;
  };
  return { work, end };
};

it('runs work of one key one at a time, in the order it came, and other keys beside', async () => {
  const log: string[] = [];
  const inLane = inLanes();
  const [first, second, other] = ['first', 'second', 'other'].map((name) => controlled(log, name));
  const outcomes = [inLane('a', first!.work), inLane('a', second!.work)];
  const beside = inLane('b', other!.work);
  second!.end();
  other!.end();
  expect(await beside).toBe('other');
  expect(log).toStrictEqual(['first starts', 'other starts', 'other ends']);
  first!.end();
  expect(await Promise.all(outcomes)).toStrictEqual(['first', 'second']);
  expect(log.slice(3)).toStrictEqual(['first ends', 'second starts', 'second ends']);
});

it('goes on after work that failed, and fails for its caller alone', async () => {
  const inLane = inLanes();
  const failing = inLane('a', () => Promise.reject(new Error('broken')));
  const next = inLane('a', () => Promise.resolve('done'));
  await expect(failing).rejects.toThrow('broken');
  expect(await next).toBe('done');
});

import { expect, it } from '@jest/globals';
import { askedTogether } from '../../src/projecting/asked-together.js';

/** Questions whose answers are given by hand, in the order in which they were asked. */
const byHand = () => {
  const asked: (readonly string[])[] = [];
  const answers: (() => void)[] = [];
  const ask = (keys: readonly string[]) =>
    new Promise<string>((resolve) => {
      asked.push(keys);
      answers.push(() => resolve(keys.join(' ')));
    });
  return { asked, answers, ask };
};
const turn = () => new Promise((resolve) => setImmediate(resolve));

it('asks as one what comes while a question is being asked, and answers each after they asked', async () => {
  const { asked, answers, ask } = byHand();
  const together = askedTogether(ask);
  const first = together(['a']);
  await turn();
  const others = [together(['b']), together(['c', 'b'])];
  await turn();
  expect(asked).toEqual([['a']]);
  answers[0]?.();
  expect(await first).toBe('a');
  await turn();
  expect(asked).toEqual([['a'], ['b', 'c']]);
  answers[1]?.();
  expect(await Promise.all(others)).toEqual(['b c', 'b c']);
});

it('waits no longer for the one before than it has patience', async () => {
  const { asked, answers, ask } = byHand();
  const together = askedTogether(ask, 1);
  const hanging = together(['a']);
  await turn();
  const later = together(['b']);
  while (asked.length < 2) await turn();
  answers[1]?.();
  expect(await later).toBe('b');
  answers[0]?.();
  expect(await hanging).toBe('a');
});

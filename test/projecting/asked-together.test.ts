import { describe, expect, it } from '@jest/globals';
import { askedTogether } from '../../src/projecting/asked-together.js';

/** Questions that are answered by hand. */
const questions = () => {
  const asked: Readonly<{ keys: readonly string[]; answer(with_: string): void; fail(): void }>[] =
    [];
  const ask = askedTogether(
    (keys: readonly string[]) =>
      new Promise<string>((resolve, reject) => {
        asked.push({ keys, answer: resolve, fail: () => reject(new Error('away')) });
      }),
  );
  return { ask, asked };
};

const turn = () => new Promise(setImmediate);

describe('questions asked together', () => {
  it('are one for all that come while another is being asked, and begin after it', async () => {
    const { ask, asked } = questions();
    const first = ask(['a']);
    await turn();
    const rest = [ask(['b', 'c']), ask(['c', 'd'])];
    await turn();
    expect(asked.map(({ keys }) => keys)).toEqual([['a']]);
    asked[0]!.answer('one');
    expect(await first).toBe('one');
    await turn();
    expect(asked.map(({ keys }) => keys)).toEqual([['a'], ['b', 'c', 'd']]);
    asked[1]!.answer('two');
    expect(await Promise.all(rest)).toEqual(['two', 'two']);
  });

  it('fail for those who asked, and for nobody after', async () => {
    const { ask, asked } = questions();
    const first = ask(['a']);
    await turn();
    const second = ask(['b']);
    asked[0]!.fail();
    await expect(first).rejects.toThrow('away');
    await turn();
    asked[1]!.answer('two');
    expect(await second).toBe('two');
  });
});

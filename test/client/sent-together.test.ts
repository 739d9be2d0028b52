import { describe, expect, it } from '@jest/globals';
import { type Settled, sentTogether } from '../../src/client/sent-together.js';

/** Sends words and answers with them in capitals, when told to. What comes meanwhile waits for the answer, unless told. */
const started = ({ besideAfterMs = 2 ** 30 } = {}) => {
  const sent: (readonly string[])[] = [];
  const answers: ((settled?: readonly Settled<string>[]) => void)[] = [];
  const failures: ((error: Error) => void)[] = [];
  const say = sentTogether<string, string>({
    send: (words) =>
      new Promise((resolve, reject) => {
        sent.push(words);
        const usual = words.map((word) => ({ answer: word.toUpperCase() }));
        answers.push((settled = usual) => resolve(settled));
        failures.push(reject);
      }),
    ...{ most: 3, mostSize: 10, sizeOf: (word) => word.length, besideAfterMs },
  });
  return { say, sent, answers, failures };
};

/** Whatever a promise that is settled has led to has been done. */
const turn = () => new Promise(setImmediate);

describe('things that are sent together where they come quickly', () => {
  it('go alone while there is time for each', async () => {
    const { say, sent, answers } = started();
    for (const word of ['a', 'b']) {
      const said = say(word);
      await turn();
      answers.at(-1)?.();
      expect(await said).toBe(word.toUpperCase());
    }
    expect(sent).toEqual([['a'], ['b']]);
  });

  it('go together when they come in the same breath, so many at most, in their order', async () => {
    const { say, sent, answers } = started();
    const said = Promise.all(['a', 'b', 'c', 'd'].map(say));
    await turn();
    expect(sent).toEqual([['a', 'b', 'c']]);
    answers[0]?.();
    await turn();
    expect(sent).toEqual([['a', 'b', 'c'], ['d']]);
    answers[1]?.();
    expect(await said).toEqual(['A', 'B', 'C', 'D']);
  });

  it('gather behind a request under way, and go with its answer', async () => {
    const { say, sent, answers } = started();
    void say('a');
    await turn();
    const said = Promise.all([say('b'), say('c')]);
    await turn();
    expect(sent).toEqual([['a']]);
    answers[0]?.();
    await turn();
    expect(sent).toEqual([['a'], ['b', 'c']]);
    answers[1]?.();
    expect(await said).toEqual(['B', 'C']);
  });

  it('go beside a request that takes long, one more at a time, and with the answer to either', async () => {
    const { say, sent, answers } = started({ besideAfterMs: 1 });
    void say('a');
    await turn();
    void say('b');
    while (sent.length < 2) await turn();
    const said = Promise.all([say('c'), say('d')]);
    await turn();
    expect(sent).toEqual([['a'], ['b']]);
    answers[1]?.();
    await turn();
    expect(sent).toEqual([['a'], ['b'], ['c', 'd']]);
    answers[2]?.();
    expect(await said).toEqual(['C', 'D']);
  });

  it('go no larger than they may be together, and alone if they are larger by themselves', async () => {
    const { say, sent, answers } = started();
    for (const word of ['seven..', 'eight...', 'eleven.....', 'x', 'y']) void say(word);
    await turn();
    for (let n = 0; n < 4; n += 1) {
      answers[n]?.();
      await turn();
    }
    expect(sent).toEqual([['seven..'], ['eight...'], ['eleven.....'], ['x', 'y']]);
  });

  it('are answered each for itself, and fail together when nothing is sent', async () => {
    const { say, answers, failures } = started();
    const said = [say('a'), say('b')];
    await turn();
    answers[0]?.([{ answer: 'A' }, { error: new Error('not b') }]);
    expect(await said[0]).toBe('A');
    await expect(said[1]).rejects.toThrow('not b');
    const lost = [say('c'), say('d')];
    await turn();
    failures[1]?.(new Error('away'));
    for (const each of lost) await expect(each).rejects.toThrow('away');
    const later = say('e');
    await turn();
    answers[2]?.();
    expect(await later).toBe('E');
  });
});

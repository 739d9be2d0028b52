/**
 * Makes lanes: the function made runs work of the same key one at a time, in the order it came, and
 * work of different keys side by side. It gives or throws what the work does.
 */
export const inLanes = () => {
  const tails = new Map<string, Promise<unknown>>();

  return <Result>(key: string, work: () => Promise<Result>): Promise<Result> => {
    const before = tails.get(key);
    const result = before === undefined ? work() : before.then(work);
    const leave = () => {
      if (tails.get(key) === tail) tails.delete(key);
    };
    // Whoever waits for its end does not care how it ended.
    const tail = result.then(leave, leave);
    tails.set(key, tail);
    return result;
  };
};

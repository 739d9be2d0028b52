/**
 * Makes lanes: the function made runs work of the same key one at a time, in the order it came, and
 * work of different keys side by side. It gives or throws what the work does.
 */
export const inLanes = () => {
  const tails = new Map<string, Promise<unknown>>();

  return <Result>(key: string, work: () => Promise<Result>): Promise<Result> => {
    const before = tails.get(key) ?? Promise.resolve();
    const result = before.then(work, work);
    const tail = result.then(
      () => {},
      () => {},
    );
    tails.set(key, tail);
    void tail.then(() => {
      if (tails.get(key) === tail) tails.delete(key);
    });
    return result;
  };
};

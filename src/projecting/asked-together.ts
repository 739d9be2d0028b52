/**
 * Puts questions together: those that come while one is being asked are asked as one afterwards.
 * Everyone gets an answer that was found after they asked.
 *
 * @param ask answers for any number of keys at once
 * @param patienceMs for how long they wait for the one before at most; until it is answered by default
 */
export const askedTogether = <Key, Answer>(
  ask: (keys: readonly Key[]) => Promise<Answer>,
  patienceMs?: number,
): ((keys: readonly Key[]) => Promise<Answer>) => {
  let next: Readonly<{ keys: Set<Key>; answer: Promise<Answer> }> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let underWay = 0;

  const before = (): Promise<unknown> =>
    patienceMs === undefined || underWay === 0
      ? last
      : new Promise((resolve) => {
          const timer = setTimeout(resolve, patienceMs);
          void last.then(() => {
            clearTimeout(timer);
            resolve(undefined);
          });
        });

  const answered = (): void => {
    underWay -= 1;
  };

  const begin = () => {
    const keys = new Set<Key>();
    const answer = before().then(() => {
      next = undefined;
      underWay += 1;
      return ask([...keys]);
    });
    last = answer.then(answered, answered);
    return { keys, answer };
  };

  return (keys) => {
    next ??= begin();
    for (const key of keys) next.keys.add(key);
    return next.answer;
  };
};

/**
 * Puts questions together: those that come while one is being asked are asked as one afterwards.
 * Everyone gets an answer that was found after they asked.
 *
 * @param ask answers for any number of keys at once
 */
export const askedTogether = <Key, Answer>(
  ask: (keys: readonly Key[]) => Promise<Answer>,
): ((keys: readonly Key[]) => Promise<Answer>) => {
  let next: Readonly<{ keys: Set<Key>; answer: Promise<Answer> }> | undefined;
  let last: Promise<unknown> = Promise.resolve();

  const begin = () => {
    const keys = new Set<Key>();
    const answer = last.then(() => {
      next = undefined;
      return ask([...keys]);
    });
    last = answer.catch(() => {});
    return { keys, answer };
  };

  return (keys) => {
    next ??= begin();
    for (const key of keys) next.keys.add(key);
    return next.answer;
  };
};

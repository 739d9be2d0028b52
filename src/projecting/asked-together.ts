/**
 * Asks one question for all that come while the one before is being asked. What each is answered was
 * found after it was asked.
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

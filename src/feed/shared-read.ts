/**
 * Lets calls share reads without giving anyone an answer older than their call: calls made while a
 * read is under way are answered by one that starts after it.
 */
export const sharedRead = <Value>(read: () => Promise<Value>): (() => Promise<Value>) => {
  let running: Promise<Value> | undefined;
  let next: Promise<Value> | undefined;

  const start = (): Promise<Value> => {
    const started = read().finally(() => {
      if (running === started) running = undefined;
    });
    running = started;
    return started;
  };

  const startAfter = async (earlier: Promise<Value>): Promise<Value> => {
    await earlier.catch(() => undefined);
    next = undefined;
    return start();
  };

  return () => {
    if (!running) return start();
    next ??= startAfter(running);
    return next;
  };
};

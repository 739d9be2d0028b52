type Options = Readonly<{
  /** How many items are worked on at a time. */
  concurrency: number;
  /** When it aborts no further item is begun. */
  signal?: AbortSignal;
}>;

/**
 * Works on items in their order, some at a time. After an error no further item is begun.
 *
 * @throws the first error, once nothing is under way any more
 */
export const inParallel = async <Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
  { concurrency, signal }: Options,
): Promise<void> => {
  const left = items.values();
  let hasFailed = false;
  const worker = async (): Promise<void> => {
    for (const item of left) {
      if (hasFailed || signal?.aborted) return;
      await work(item).catch((error: unknown) => {
        hasFailed = true;
        throw error;
      });
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: concurrency }, worker));
  for (const outcome of ended) if (outcome.status === 'rejected') throw outcome.reason;
};

/**
 * Gathers what a source gives while the consumer is busy: each batch is all that has come since the
 * one before, `max` items at most. The source is read no further than two batches ahead.
 */
export async function* batches<Item>(
  source: AsyncIterable<Item>,
  max: number,
): AsyncGenerator<readonly Item[]> {
  let queue: Item[] = [];
  let isOver = false;
  let failure: unknown;
  let wakeConsumer = () => {};
  let wakeSource = () => {};

  const fill = async () => {
    for await (const item of source) {
      if (isOver) return;
      queue.push(item);
      wakeConsumer();
      if (queue.length >= 2 * max)
        await new Promise<void>((resolve) => {
          wakeSource = resolve;
        });
    }
  };
  const filled = fill()
    .catch((error: unknown) => {
      failure = error ?? new Error('the source failed');
    })
    .finally(() => {
      isOver = true;
      wakeConsumer();
    });

  try {
    for (;;) {
      while (queue.length === 0 && !isOver)
        await new Promise<void>((resolve) => {
          wakeConsumer = resolve;
        });
      if (queue.length === 0) break;
      const batch = queue.slice(0, max);
      queue = queue.slice(max);
      wakeSource();
      yield batch;
    }
  } finally {
    isOver = true;
    wakeSource();
  }
  await filled;
  if (failure) throw failure;
}

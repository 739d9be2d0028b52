/** How large a batch may become. The item that reaches either limit is the last one in it. */
export type BatchLimits<Item> = Readonly<{
  items: number;
  /** In whatever unit `weigh` counts. */
  weight: number;
  weigh: (item: Item) => number;
}>;

/** Looks on as items come from the source. */
export type Watch<Item> = Readonly<{
  received(item: Item): void;
  /** The source is held back, having given two batches more than were taken, or no longer is. */
  held(isHeld: boolean): void;
}>;

type Entry<Item> = Readonly<{ item: Item; weight: number }>;

/**
 * Gathers what a source gives while the consumer is busy: each batch is all that has come since the one
 * before, as far as the limits allow. The source is read at most two batches ahead.
 *
 * @param limits how large a batch may become
 * @param watch told of items as they come, and of the source being held back
 * @param due resolves when a batch that is not full is to be given; at once by default
 * @throws what the source throws, after everything it gave before
 */
export async function* batches<Item>(
  source: AsyncIterable<Item>,
  limits: BatchLimits<Item>,
  watch: Watch<Item>,
  due?: () => Promise<void>,
): AsyncGenerator<readonly Item[]> {
  let queue: Entry<Item>[] = [];
  let queuedWeight = 0;
  let isOver = false;
  let failure: Readonly<{ error: unknown }> | undefined;
  let wakeConsumer = () => {};
  let wakeSource = () => {};

  const isBatch = () => queue.length >= limits.items || queuedWeight >= limits.weight;
  const isFull = () => queue.length >= 2 * limits.items || queuedWeight >= 2 * limits.weight;

  const room = async (): Promise<void> => {
    watch.held(true);
    while (isFull() && !isOver)
      await new Promise<void>((resolve) => {
        wakeSource = resolve;
      });
    watch.held(false);
  };

  const fill = async (): Promise<void> => {
    for await (const item of source) {
      if (isOver) return;
      const weight = limits.weigh(item);
      queue.push({ item, weight });
      queuedWeight += weight;
      watch.received(item);
      wakeConsumer();
      if (isFull()) await room();
      if (isOver) return;
    }
  };

  const change = (): Promise<void> =>
    new Promise((resolve) => {
      wakeConsumer = resolve;
    });

  const take = (): readonly Item[] => {
    let weight = 0;
    let count = 0;
    for (const entry of queue) {
      weight += entry.weight;
      count += 1;
      if (count >= limits.items || weight >= limits.weight) break;
    }
    const batch = queue.slice(0, count).map(({ item }) => item);
    queue = queue.slice(count);
    queuedWeight -= weight;
    wakeSource();
    return batch;
  };

  const filled = fill()
    .catch((error: unknown) => {
      failure = { error };
    })
    .finally(() => {
      isOver = true;
      wakeConsumer();
    });

  try {
    for (;;) {
      while (queue.length === 0 && !isOver) await change();
      if (queue.length === 0) break;
      let isDue = due === undefined;
      void due?.().then(() => {
        isDue = true;
        wakeConsumer();
      });
      while (!isDue && !isBatch() && !isOver) await change();
      yield take();
    }
  } finally {
    isOver = true;
    wakeSource();
  }
  await filled;
  if (failure) throw failure.error;
}

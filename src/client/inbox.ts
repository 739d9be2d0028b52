/** A queue between something that delivers and one loop that takes. */
export type Inbox<Item> = AsyncIterable<Item> &
  Readonly<{
    put(item: Item): void;
    /** How many items wait. */
    size(): number;
    /** The loop ends after what is waiting, by throwing the error if one is given. */
    end(error?: unknown): void;
    /** Drops what is waiting. */
    clear(): void;
    /** Resolves when nothing waits any more. */
    drained(): Promise<void>;
  }>;

/**
 * Makes an inbox. It refuses nothing: whoever delivers looks at how many wait.
 *
 * @param onTaken told of each item as the loop takes it
 * @param onLeft told when the loop is left
 */
export const inboxOf = <Item>(onTaken: (item: Item) => void, onLeft: () => void): Inbox<Item> => {
  let waiting: Item[] = [];
  let ending: Readonly<{ error?: unknown }> | undefined;
  let wakeTaker = () => {};
  let wakeDrained = () => {};

  return {
    put: (item) => {
      waiting.push(item);
      wakeTaker();
    },
    size: () => waiting.length,
    end: (error) => {
      ending ??= { error };
      wakeTaker();
    },
    clear: () => {
      waiting = [];
      wakeDrained();
    },
    drained: async () => {
      if (waiting.length === 0) return;
      await new Promise<void>((resolve) => {
        wakeDrained = resolve;
      });
    },
    [Symbol.asyncIterator]: async function* () {
      try {
        for (;;) {
          const item = waiting.shift();
          if (item !== undefined) {
            onTaken(item);
            if (waiting.length === 0) wakeDrained();
            yield item;
          } else if (ending) {
            if (ending.error !== undefined) throw ending.error;
            return;
          } else {
            await new Promise<void>((resolve) => {
              wakeTaker = resolve;
            });
          }
        }
      } finally {
        onLeft();
      }
    },
  };
};

/** What came of one of the things that were sent together. */
export type Settled<Answer> = Readonly<{ answer: Answer }> | Readonly<{ error: unknown }>;

export type Together<Item, Answer> = Readonly<{
  /**
   * Sends one or more.
   *
   * @returns what came of each, in their order; what it throws came of all
   */
  send(items: readonly Item[]): Promise<readonly Settled<Answer>[]>;
  /** How many are sent together at most. */
  most: number;
  /** About how large they may be together, in whatever `sizeOf` counts. One that is larger goes alone. */
  mostSize: number;
  sizeOf(item: Item): number;
  /**
   * For how long what comes waits for the answer to a request under way before another goes beside it, in
   * milliseconds: 20 by default.
   */
  besideAfterMs?: number;
}>;

type Waiting<Item, Answer> = Readonly<{
  item: Item;
  size: number;
  settle(settled: Settled<Answer>): void;
}>;

/**
 * How many requests are under way at a time. With one, what comes while it is would wait for its whole
 * answer where the server is far away; with many there is nothing left to be sent together.
 */
const atOnce = 2;
/** A server that is near answers sooner, and what waits goes with fewer requests. */
const patienceMs = 20;

/**
 * Sends things alone while there are few, and together when they come faster than they are answered.
 * Nothing is held back so that others may join it: what waits, waits for an answer to those before it,
 * and no longer than a moment where the server is far away or busy.
 *
 * @returns sends one thing, and gives or throws what came of it
 */
export const sentTogether = <Item, Answer>({
  send,
  most,
  mostSize,
  sizeOf,
  besideAfterMs = patienceMs,
}: Together<Item, Answer>): ((item: Item) => Promise<Answer>) => {
  let waiting: Waiting<Item, Answer>[] = [];
  let underWay = 0;
  let patience: ReturnType<typeof setTimeout> | undefined;

  const take = (): readonly Waiting<Item, Answer>[] => {
    let size = 0;
    const fits = (each: Waiting<Item, Answer>, index: number) => {
      size += each.size;
      return index === 0 || (index < most && size <= mostSize);
    };
    const end = waiting.findIndex((each, index) => !fits(each, index));
    const taken = end < 0 ? waiting : waiting.slice(0, end);
    waiting = waiting.slice(taken.length);
    if (waiting.length === 0) endPatience();
    return taken;
  };

  const endPatience = (): void => {
    clearTimeout(patience);
    patience = undefined;
  };

  const sendAll = async (): Promise<void> => {
    underWay += 1;
    // Those that are asked for in the same breath go together from the first.
    await undefined;
    while (waiting.length > 0) {
      const taken = take();
      let settled: readonly Settled<Answer>[];
      try {
        settled = await send(taken.map(({ item }) => item));
      } catch (error) {
        settled = taken.map(() => ({ error }));
      }
      for (const [index, { settle }] of taken.entries())
        settle(settled[index] ?? { error: new TypeError('nothing is said of it') });
    }
    underWay -= 1;
  };

  const sendBeside = (): void => {
    endPatience();
    if (underWay < atOnce) void sendAll();
  };

  return (item) =>
    new Promise((resolve, reject) => {
      const settle = (settled: Settled<Answer>) =>
        'error' in settled ? reject(settled.error) : resolve(settled.answer);
      waiting.push({ item, size: sizeOf(item), settle });
      if (underWay === 0) void sendAll();
      else if (underWay < atOnce) patience ??= setTimeout(sendBeside, besideAfterMs);
    });
};

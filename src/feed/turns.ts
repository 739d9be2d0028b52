/** Lets so many do something at a time; the others come in the order in which they asked. */
export type Turns = Readonly<{
  /** Settles once it is one's turn, with what ends it, which is safe to call twice. */
  take(): Promise<() => void>;
  /** Whether anyone waits. */
  areWanted(): boolean;
}>;

export const turnsFor = (atATime: number): Turns => {
  const waiting: (() => void)[] = [];
  let taken = 0;

  const give = (): (() => void) => {
    let isOver = false;
    taken += 1;
    return () => {
      if (isOver) return;
      isOver = true;
      taken -= 1;
      waiting.shift()?.();
    };
  };

  return {
    take: () =>
      taken < atATime
        ? Promise.resolve(give())
        : new Promise((resolve) => {
            waiting.push(() => resolve(give()));
          }),
    areWanted: () => waiting.length > 0,
  };
};

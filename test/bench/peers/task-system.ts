/** Something that carries out tasks, each under an id that its submitter gives. What it has confirmed, it has on disk. */
export type TaskSystem = Readonly<{
  name: string;
  /** Resolves when the task is kept. */
  submit(id: string): Promise<void>;
  /**
   * Begins with workers that do nothing but complete tasks.
   *
   * @param done is told of each task that is kept as completed
   * @returns what ends them
   */
  work(workers: number, done: (id: string) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}>;

/** Runs a loop so many times side by side until its end is asked for. */
export const workersOf = (
  count: number,
  loop: (isOver: () => boolean, worker: number) => Promise<void>,
): (() => Promise<void>) => {
  let over = false;
  const loops = Array.from({ length: count }, (_, n) => loop(() => over, n));
  return async () => {
    over = true;
    await Promise.all(loops);
  };
};

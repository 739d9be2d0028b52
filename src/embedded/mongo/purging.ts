import { type Context, writeWith } from './context.js';

const purgedAtOnce = 500;

/** Removes what dropped collections and indexes left, in transactions so small that other writes come in between. */
export type Purger = Readonly<{
  /** Begins, unless it is under way already. */
  start: () => void;
  /** Leaves the rest for the next start of the server. */
  stop: () => Promise<void>;
}>;

/**
 * Removes what dropped collections and indexes left in the store, a little at a time, while nobody
 * waits for it.
 *
 * @param context asked for when there is something to do; it holds the purger itself
 */
export const createPurger = (context: () => Context): Purger => {
  let running: Promise<void> | undefined;
  let isStopped = false;
  const run = async () => {
    const { catalogue } = context();
    while (!isStopped) {
      const [segment] = catalogue.leftSegments();
      if (segment === undefined) return;
      await writeWith(context(), () => catalogue.purgeSome(segment, purgedAtOnce));
    }
  };
  return {
    start: () => {
      // Where it fails nothing is lost: it is tried again after the next drop and at the next start.
      running ??= run()
        .catch(() => undefined)
        .finally(() => {
          running = undefined;
        });
    },
    stop: async () => {
      isStopped = true;
      await running;
    },
  };
};

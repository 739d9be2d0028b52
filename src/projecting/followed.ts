import type { Db } from 'mongodb';
import type { Logger } from 'pino';
import { checkpointsIn } from './checkpoints.js';
import { type Progress, progressOf } from './progress.js';
import type { AnyProjection } from './projection.js';

/** How far read models have come, whoever keeps them up to date. */
export type Followed = Readonly<{
  /** @throws RangeError when there is no such projection */
  progress(name: string): Progress;
  /** Looks at once. @throws what the database throws */
  look(): Promise<void>;
  stop(): Promise<void>;
}>;

type Options = Readonly<{
  db: Db;
  log: Logger;
  projections: readonly AnyProjection[];
  /** Of which projections others say how far they are. */
  followed(): readonly AnyProjection[];
  collectionOf(projection: AnyProjection): string;
}>;

/** How long to wait between two looks, in milliseconds: while somebody waits for a position, and otherwise. */
const betweenMs = { awaited: 10, hasTime: 100, idle: 500 };

/**
 * Follows how far the read models are that other nodes keep up to date, by their checkpoints. While
 * somebody waits for a position these are read a hundred times a second, once for all who wait.
 */
export const followCheckpoints = (options: Options): Followed => {
  const { projections, followed, collectionOf, log } = options;
  const checkpoints = checkpointsIn(options.db);
  const waiters = { awaited: 0, hasTime: 0 };
  let isStopped = false;
  let wake = () => {};

  const attended = (progress: Progress): Progress => ({
    ...progress,
    reached: async (position, timeoutMs, options) => {
      if (position <= progress.position()) return;
      const waiting = options?.hasTime ? 'hasTime' : 'awaited';
      waiters[waiting] += 1;
      wake();
      try {
        await progress.reached(position, timeoutMs, options);
      } finally {
        waiters[waiting] -= 1;
      }
    },
  });
  const all = new Map(projections.map(({ name }) => [name, attended(progressOf(name, -1))]));
  const progress = (name: string): Progress => {
    const found = all.get(name);
    if (!found) throw new RangeError(`there is no projection ${name}`);
    return found;
  };

  const look = async (): Promise<void> => {
    const asked = new Map(followed().map((each) => [each.name, collectionOf(each)]));
    if (asked.size === 0) return;
    const come = await checkpoints.load([...asked.values()]);
    for (const projection of followed()) {
      const collection = collectionOf(projection);
      // What was asked of a collection says nothing of the one in its place.
      if (asked.get(projection.name) === collection)
        progress(projection.name).advance(come.get(collection) ?? -1);
    }
  };

  const interval = (): number => {
    if (followed().length === 0) return betweenMs.idle;
    if (waiters.awaited > 0) return betweenMs.awaited;
    return waiters.hasTime > 0 ? betweenMs.hasTime : betweenMs.idle;
  };

  /** Ends the sooner for those who begin to wait meanwhile. */
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const begun = performance.now();
      let timer: NodeJS.Timeout | undefined;
      wake = () => {
        clearTimeout(timer);
        const left = begun + interval() - performance.now();
        timer = setTimeout(resolve, isStopped ? 0 : Math.max(0, left));
      };
      wake();
    });

  const running = (async () => {
    while (!isStopped) {
      await pause();
      await look().catch((error: unknown) => {
        log.debug({ err: error }, 'how far read models are could not be read');
      });
    }
  })();

  return {
    progress,
    look,
    stop: async () => {
      isStopped = true;
      wake();
      await running;
    },
  };
};

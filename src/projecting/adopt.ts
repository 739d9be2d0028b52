import { setTimeout as delay } from 'node:timers/promises';
import type { Bring } from './adoption.js';
import type { BuildOptions } from './build.js';
import type { Model } from './models.js';
import { type Runner, startRunner } from './runner.js';
import type { Serving } from './serving.js';

type Options = BuildOptions & Readonly<{ runner: Runner; serving: Serving; signal: AbortSignal }>;

/** For how long the other read models wait at most while the last few events are taken in. */
const patienceMs = 10_000;

/**
 * Has this node read from, and write to, the collections that now serve some models. A runner beside
 * the one in use first brings them to the end of the events, so that nobody sees a model go back;
 * queries, and the positions that they wait for, change to the new collections in the same moment.
 *
 * @throws when a store is away or `signal` aborts; then nothing has changed
 */
export const adopt = async (options: Options, models: readonly Model[]): Promise<void> => {
  const { runner, serving, signal, store, streams, db, parked, log, batchSize } = options;
  const collections = new Map(models.map(({ name, serving }) => [name, serving.collection]));
  const names = [...collections.keys()];
  let beside: Runner | undefined;
  const begin = async (): Promise<Bring> => {
    const bringing = await startRunner({
      store,
      streams,
      db,
      parked,
      log,
      ...(batchSize && { batchSize }),
      projections: options.projections.filter(({ name }) => collections.has(name)),
      collectionOf: ({ name }) => collections.get(name) ?? name,
    });
    beside = bringing;
    while (bringing.status().some(({ lagEvents }) => lagEvents === null))
      await delay(20, undefined, { signal });
    return async (position) => {
      await Promise.race([
        Promise.all(names.map((name) => bringing.progress(name).reached(position, patienceMs))),
        aborted(signal),
      ]);
      await bringing.stop();
      return new Map(names.map((name) => [name, bringing.progress(name).position()]));
    };
  };
  try {
    await runner.adopt({
      collections,
      begin,
      adopted: () => {
        for (const model of models) serving.set(model.name, model.serving);
      },
    });
  } finally {
    await beside?.stop();
  }
};

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

import { setTimeout as delay } from 'node:timers/promises';
import { type RunnerOptions, startRunner } from './runner.js';

/** Where folding was at some moment. */
export type Since = Readonly<{
  /** Every event up to here was in every read model. */
  position: number;
  /** The collections that were folded into, by the name of the projection. */
  collections: ReadonlyMap<string, string>;
}>;

/**
 * Folds again all events since a moment, because some of this node's writes may have come too late. A
 * write that was held up, while the process stood still, changes no newer document, as the position in
 * each document guards it. But it puts back a document that another node has removed meanwhile. Folding
 * the events again removes it again.
 *
 * @throws when a store is away, or `signal` aborts
 */
export const foldAgain = async (
  options: RunnerOptions,
  { position, collections }: Since,
  signal: AbortSignal,
): Promise<void> => {
  const head = await options.store.head();
  if (position >= head) return;
  const projections = options.projections.filter(({ name }) => collections.has(name));
  const again = await startRunner({
    ...options,
    projections,
    foldFrom: position,
    collectionOf: ({ name }) => collections.get(name) ?? name,
    isForeign: () => false,
  });
  try {
    while (again.status().some((each) => each.position < head))
      await delay(20, undefined, { signal });
  } finally {
    await again.stop();
  }
};

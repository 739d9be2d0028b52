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
 * Folds once more what this node may have written too late, and everything since. A write that was held
 * up, because the process stood still, changes nothing that is newer: the position in the documents
 * guards these. But a document that another node has removed meanwhile is put back by it. The events
 * that removed it do so again.
 *
 * @throws when a store is away, or `signal` says so
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
    ...{ ...options, projections, foldFrom: position },
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

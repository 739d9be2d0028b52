import type { Built, Model } from './models.js';
import type { AnyProjection } from './projection.js';

/** Which collections this node reads from and keeps up to date at this moment. */
export type Serving = Readonly<{
  /** @throws RangeError when there is no such projection */
  of(name: string): Built;
  /** As {@link of}, the collection alone. */
  collectionOf(projection: Pick<AnyProjection, 'name'>): string;
  /** Whether what serves a projection was made by another version of it. */
  isForeign(projection: Pick<AnyProjection, 'name' | 'version'>): boolean;
  set(name: string, built: Built): void;
  collections(): readonly string[];
}>;

/**
 * What serves each projection on this node, kept in memory.
 *
 * @param models what serves when the node starts
 */
export const servingOf = (models: readonly Model[]): Serving => {
  const serving = new Map(models.map(({ name, serving }) => [name, serving]));
  const of = (name: string): Built => {
    const built = serving.get(name);
    if (!built) throw new RangeError(`there is no projection ${name}`);
    return built;
  };
  return {
    of,
    collectionOf: ({ name }) => of(name).collection,
    isForeign: ({ name, version }) => of(name).version !== version,
    set: (name, built) => {
      serving.set(name, built);
    },
    collections: () => [...serving.values()].map(({ collection }) => collection),
  };
};

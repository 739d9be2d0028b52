import type { Poison, Rebuild } from '../../projecting/rebuild-documents.js';

/** A rebuild as operators see it, from one of the models that take part. */
export const rebuildView = (rebuild: Rebuild, name: string) => {
  const { id, state, models, skip, startedAt, events, eventsPerSecond } = rebuild;
  return {
    id,
    state,
    names: models.map((each) => each.name),
    collection: models.find((each) => each.name === name)?.collection ?? null,
    position: String(Math.max(rebuild.position, 0)),
    head: String(rebuild.head),
    events,
    eventsPerSecond,
    startedAt,
    skip,
    poison: rebuild.poison && poisonView(rebuild.poison),
  };
};

const poisonView = ({ position, ...poison }: Poison) => ({ ...poison, position: String(position) });

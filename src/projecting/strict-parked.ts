import type { Parked } from './parked.js';
import { messageOf, waiting } from './parked-documents.js';
import type { Poison, Rebuilt } from './rebuild-documents.js';

/** A rebuild met an event that it cannot fold. */
class PoisonEvent extends Error {
  override readonly name = 'PoisonEvent';

  constructor(readonly poison: Poison) {
    super(`${poison.projection} cannot fold event ${poison.eventId}: ${poison.error}`);
  }
}

type Options = Readonly<{
  models: readonly Rebuilt[];
  /** Ids of events that are passed over when they cannot be folded. */
  skip: readonly string[];
  onPoison(poison: Poison): void;
}>;

/**
 * A place for parked events that parks none, for rebuilds: a model built with it stops at the first
 * event that it cannot fold. Only events that a person has discarded, for the model that is replaced or
 * for this rebuild, are passed over, and stay discarded for the new model.
 */
export const strictParked = (parked: Parked, { models, skip, onPoison }: Options): Parked => ({
  ...parked,
  prepare: async () => {},
  of: (consumer) => {
    const model = models.find(({ collection }) => collection === consumer.name);
    const own = parked.of(consumer);
    const replaced = model && parked.of({ kind: 'projection', name: model.replaces.collection });
    return {
      ...own,
      held: async () => [],
      heldOf: async () => undefined,
      join: async (_, events) => events,
      hold: async (lane, event, failure) => {
        const { eventId, stream, revision, position, type } = waiting(consumer, lane, event, '');
        const discarded = await replaced?.discardedIn(stream);
        if (discarded?.has(eventId) || skip.includes(eventId)) {
          if (await own.hold(lane, event, failure)) await own.discard(eventId, nothingWaits);
          return false;
        }
        // What was discarded of it is forgotten, and its documents will be.
        if (await parked.hasEnded(stream)) return false;
        const poison: Poison = {
          projection: model?.name ?? consumer.name,
          eventId,
          stream,
          revision,
          position,
          type,
          error: messageOf(failure.error),
        };
        onPoison(poison);
        throw new PoisonEvent(poison);
      },
    };
  },
});

const nothingWaits = { lanesOf: () => [], handle: async () => {} };

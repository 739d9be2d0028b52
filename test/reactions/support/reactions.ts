import { pino } from 'pino';
import type { StoredEvent } from '../../../src/eventstore/event-store.js';
import { parkedEventsIn, parkedIn } from '../../../src/projecting/parked.js';
import type { Reaction } from '../../../src/reactions/reaction.js';
import { type Reactions, startReactions } from '../../../src/reactions/start-reactions.js';
import type { TestStores } from '../../projecting/support/stores.js';
import { numberOf } from '../../support/new-events.js';

/** Starts reactions on the stores of a test, impatient ones. */
export const startTestReactions = async (
  { store, db }: Pick<TestStores, 'store' | 'db'>,
  ...reactions: readonly Reaction[]
): Promise<Reactions> => {
  const parked = parkedIn(db, store);
  await parked.prepare();
  return startReactions({
    ...{ store, reactions, parked, log: pino({ level: 'silent' }) },
    retries: { attempts: 3, firstDelayMs: 1 },
  });
};

/** The numbers of a reaction's parked events, in their order, and which of them say why. */
export const parkedOf = ({ db }: Pick<TestStores, 'db'>, name: string) =>
  parkedEventsIn(db)
    .find({ kind: 'reaction', name, state: 'parked' })
    .sort({ position: 1 })
    .toArray();

/** Notes what is handled, as `stream#number`. */
export const recorder = () => {
  const handled: string[] = [];
  return {
    handled,
    /** Those of one stream. */
    of: (stream: string) =>
      handled
        .filter((each) => each.startsWith(`${stream}#`))
        .map((each) => Number(each.split('#')[1])),
    note: (event: StoredEvent) => {
      handled.push(`${event.stream}#${numberOf(event)}`);
    },
  };
};

import type { Logger } from 'pino';
import type { EventStore } from '../eventstore/event-store.js';
import type { Parked, ParkedOf } from '../projecting/parked.js';
import type { Retried } from '../projecting/retry-parked.js';
import { handlingOf } from './handling.js';
import type { Reaction } from './reaction.js';
import { defaultRetries, type Retries } from './retries.js';
import { startReaction } from './start-reaction.js';

export type ReactionsOptions = Readonly<{
  store: EventStore;
  reactions: readonly Reaction[];
  parked: Parked;
  log: Logger;
  retries?: Partial<Retries>;
}>;

const stuckAfterMs = 60_000;

export type ReactionStatus = Readonly<{
  name: string;
  /** Whether, on this node, nothing was handled for a minute though there is something to handle, or no connection. */
  stuck: boolean;
}>;

/** Reactions at work. */
export type Reactions = Readonly<{
  status(): readonly ReactionStatus[];
  /**
   * Handles a parked event again, with those of its key that wait with it, in their order.
   *
   * @returns undefined when there is no such reaction, or it has not parked the event
   * @throws RetryUnderWay, or that a store is unavailable
   */
  retry(name: string, eventId: string): Promise<Retried | undefined>;
  /** Drops a parked event, and goes on with those behind it. */
  discard(name: string, eventId: string): Promise<Retried | undefined>;
  /** Takes in no more, finishes what is being handled, 10 s at most, and ends. */
  stop(): Promise<void>;
}>;

/**
 * Has every event handled by every reaction, at least once. The nodes share the work: the event store
 * hands each event to one of them, and to another should that one go away before it has said that
 * the event is done with.
 */
export const startReactions = (options: ReactionsOptions): Reactions => {
  const { store, reactions, parked, log } = options;
  const retries = { ...defaultRetries, ...options.retries };
  const running = reactions.map((reaction) => {
    const parkedOf = parked.of({ kind: 'reaction', name: reaction.name });
    const child = log.child({ reaction: reaction.name });
    const started = startReaction({
      store,
      reaction,
      retries,
      log: child,
      parked: parkedOf,
    });
    return { reaction, parked: parkedOf, ...started };
  });

  const withParked = async (
    name: string,
    act: (parked: ParkedOf, reaction: Reaction) => Promise<Retried | undefined>,
  ): Promise<Retried | undefined> => {
    const found = running.find(({ reaction }) => reaction.name === name);
    return found && act(found.parked, found.reaction);
  };

  return {
    status: () =>
      running.map(({ reaction: { name }, stalledMs }) => ({
        name,
        stuck: stalledMs() > stuckAfterMs,
      })),
    retry: (name, eventId) =>
      withParked(name, (of, reaction) => of.retry(eventId, handlingOf(reaction, retries))),
    discard: (name, eventId) =>
      withParked(name, (of, reaction) => of.discard(eventId, handlingOf(reaction, retries))),
    stop: async () => {
      await Promise.all(running.map(({ stop }) => stop()));
    },
  };
};

import { randomUUID } from 'node:crypto';
import type { Collection } from 'mongodb';
import { type EventStore, type StoredEvent, StreamTombstoned } from '../eventstore/event-store.js';
import { isDuplicateKey } from './duplicate-key.js';
import {
  type Consumer,
  type HeldLane,
  type Lane,
  laneId,
  messageOf,
  type ParkedEvent,
} from './parked-documents.js';
import { isUnavailable } from './unavailable.js';

/** What a consumer does with an event that was parked. */
export type Handling = Readonly<{
  handle(event: StoredEvent): Promise<void>;
  /** The lanes that an event belongs to. */
  lanesOf(event: StoredEvent): readonly Lane[];
}>;

/** What came of a retry. */
export type Retried = Readonly<{
  /** How many events were handled. */
  done: number;
  /** Why the next one failed; null when none is left. */
  error: string | null;
}>;

/** The events of the same lane are being retried by someone else. */
export class RetryUnderWay extends Error {
  override readonly name = 'RetryUnderWay';
}

type Places = Readonly<{
  store: EventStore;
  events: Collection<ParkedEvent>;
  lanes: Collection<HeldLane>;
}>;

/** For how long a retry may be at one event before another is let to it: it has died by then. */
const claimMs = 2 * 60 * 1000;

/**
 * Handles the events of a lane one after the other. The lane is held until none is left, so that
 * events that come meanwhile wait behind them.
 *
 * @throws RetryUnderWay
 */
export const drainLane = async (
  places: Places,
  consumer: Consumer,
  lane: Lane,
  handling: Handling,
): Promise<Retried> => {
  const { events, lanes } = places;
  const { kind, name } = consumer;
  const held = { _id: laneId(consumer, lane), claim: randomUUID() };
  await claim(lanes, consumer, lane, held.claim);
  let done = 0;
  try {
    for (;;) {
      const joined = (await lanes.findOne(held))?.joined;
      const next = await events.findOne(
        { kind, name, lane, state: 'parked' },
        { sort: { position: 1 } },
      );
      if (!next) {
        // Unless one more has joined in between, the lane is free.
        const { deletedCount } = await lanes.deleteOne({ ...held, joined: joined ?? 0 });
        if (deletedCount > 0 || joined === undefined) return { done, error: null };
        continue;
      }
      try {
        const event = await readAgain(places.store, next);
        if (event) {
          const isKeyed = lane.startsWith('key:');
          const others = isKeyed ? [] : handling.lanesOf(event).filter((other) => other !== lane);
          if (await isMoved(places, consumer, next, others)) continue;
          await handling.handle(event);
        }
      } catch (error) {
        if (isUnavailable(error)) throw error;
        const failed = messageOf(error);
        await events.updateOne(
          { _id: next._id },
          { $set: { error: failed }, $inc: { attempts: 1 } },
        );
        return { done, error: failed };
      }
      // It is done with before it is gone: whoever meets it again in between takes it for done.
      const { matchedCount } = await lanes.updateOne(held, {
        $set: {
          from: next.position + 1,
          revision: next.revision + 1,
          claimedUntil: new Date(Date.now() + claimMs),
        },
      });
      await events.deleteOne({ _id: next._id });
      done += 1;
      // It took so long that another retry has the lane by now.
      if (matchedCount === 0) return { done, error: null };
    }
  } finally {
    await lanes
      .updateOne(held, { $unset: { claim: 1, claimedUntil: 1 } })
      // What could not be given back is given up when its time is over.
      .catch(() => {});
  }
};

/** Takes a lane for one retry. @throws RetryUnderWay when another has it */
const claim = async (
  lanes: Collection<HeldLane>,
  consumer: Consumer,
  lane: Lane,
  token: string,
): Promise<void> => {
  const now = new Date();
  try {
    await lanes.updateOne(
      { _id: laneId(consumer, lane), claimedUntil: { $not: { $gt: now } } },
      {
        $set: { claim: token, claimedUntil: new Date(now.getTime() + claimMs) },
        $setOnInsert: { ...consumer, lane, stream: '', revision: 0, from: 0, joined: 0 },
      },
      { upsert: true },
    );
  } catch (error) {
    if (isDuplicateKey(error))
      throw new RetryUnderWay('the events of this key are being retried already');
    throw error;
  }
};

/** Moves an event that waits for its stream to the lane of its key, if that is held too. */
const isMoved = async (
  { events, lanes }: Places,
  consumer: Consumer,
  { _id, lane }: ParkedEvent,
  others: readonly Lane[],
): Promise<boolean> => {
  for (const other of others) {
    await events.updateOne({ _id, lane }, { $set: { lane: other } });
    const { matchedCount } = await lanes.updateOne(
      { _id: laneId(consumer, other) },
      { $inc: { joined: 1 } },
    );
    if (matchedCount > 0) return true;
    const returned = await events.updateOne({ _id, lane: other }, { $set: { lane } });
    // A retry of the other lane came by, handled it, and was at its end.
    if (returned.matchedCount === 0) return true;
  }
  return false;
};

/** The event as the store has it; undefined when it is gone for good. @throws UndecodableEvent */
const readAgain = async (
  store: EventStore,
  { stream, storeRevision, position }: ParkedEvent,
): Promise<StoredEvent | undefined> => {
  try {
    // Only what reads every stream is told of positions by every store.
    for await (const event of store.read(stream, { from: storeRevision, limit: 1 }))
      return { ...event, position };
    return undefined;
  } catch (error) {
    if (error instanceof StreamTombstoned) return undefined;
    throw error;
  }
};

import type { Collection, Db } from 'mongodb';
import type { EventStore, StoredEvent } from '../eventstore/event-store.js';
import { askedTogether } from './asked-together.js';
import { forgetStreams, hasEnded } from './forget-parked.js';
import { insertNew } from './guarded-writes.js';
import {
  type Consumer,
  type HeldLane,
  type Lane,
  laneId,
  messageOf,
  type ParkedEvent,
  parkedId,
  waiting,
} from './parked-documents.js';
import { drainLane, type Handling, type Retried } from './retry-parked.js';

/** Why an event is parked. */
export type Failure = Readonly<{
  error: unknown;
  attempts: number;
  /** The stream whose parked events it waits for. When they are handled, so is this one. */
  waitsFor?: string;
}>;

type Hold = Pick<HeldLane, 'lane' | 'from' | 'stream' | 'revision'>;

/** The parked events of one consumer. */
export type ParkedOf = Readonly<{
  /** The lanes held, and from which position on. */
  held(): Promise<readonly Hold[]>;
  /** Which of some lanes is held, the first if several are. */
  heldOf(lanes: readonly Lane[]): Promise<Lane | undefined>;
  /**
   * Parks events behind what holds their lane, in the order of their positions.
   *
   * @returns those that need not wait, for the lane is no longer held
   */
  join(lane: Lane, events: readonly StoredEvent[]): Promise<readonly StoredEvent[]>;
  /**
   * Parks an event that failed, and so holds its lane.
   *
   * @returns false when the event was discarded before, or its stream deleted for good: it is to be
   *   passed over
   */
  hold(lane: Lane, event: StoredEvent, failure: Failure): Promise<boolean>;
  /** The ids of the events of a stream that were discarded. */
  discardedIn(stream: string): Promise<ReadonlySet<string>>;
  /**
   * Handles the events of a parked event's lane in their order, from the first on, until one fails;
   * when none is left, those that waited for its stream as well.
   *
   * @returns undefined when no such event is parked
   * @throws RetryUnderWay, or that a store is unavailable: then nothing has changed for the event in hand
   */
  retry(eventId: string, handling: Handling): Promise<Retried | undefined>;
  /** Drops an event and, if it was what held its lane, goes on with those behind it as {@link retry} does. */
  discard(eventId: string, handling: Handling): Promise<Retried | undefined>;
}>;

/** Events put aside by projections and reactions, kept in MongoDB. */
export type Parked = Readonly<{
  prepare(): Promise<void>;
  of(consumer: Consumer): ParkedOf;
  /** Whether a stream was deleted for good, so that nothing of it is to be parked. @throws StoreUnavailable */
  hasEnded(stream: string): Promise<boolean>;
  /** Drops what every consumer has noted of streams that were deleted for good. */
  forget(streams: readonly string[]): Promise<void>;
}>;

/** On disk before it is answered: a reaction tells the event store to forget an event that is parked. */
const writeConcern = { w: 'majority', journal: true } as const;

/** The collection of parked events. */
export const parkedEventsIn = (db: Db): Collection<ParkedEvent> =>
  db.collection('parked', { writeConcern });

/**
 * Keeps parked events in a database, on disk before anything is answered.
 *
 * @param store where the events are read again when they are retried
 */
export const parkedIn = (db: Db, store: EventStore): Parked => {
  const events = parkedEventsIn(db);
  const lanes = db.collection<HeldLane>('parked_lanes', { writeConcern });

  const forget: Parked['forget'] = (streams) => forgetStreams({ events, lanes }, streams);

  /**
   * Forgets what has just been noted of a stream that ended meanwhile: whoever follows the events has
   * come by its end. One that ends after this, they come by after this.
   */
  const isLate = async (stream: string): Promise<boolean> => {
    if (!(await hasEnded(store, stream))) return false;
    await forget([stream]);
    return true;
  };

  const of = (consumer: Consumer): ParkedOf => {
    const { kind, name } = consumer;

    const join: ParkedOf['join'] = async (lane, joining) => {
      const parkedAt = new Date().toISOString();
      // In this order nothing is lost whenever a retry comes to the end of the lane: it either sees
      // the events, or the lane is gone when they want to join it.
      await insertNew(
        events,
        joining.map((event) => waiting(consumer, lane, event, parkedAt)),
      );
      const { matchedCount } = await lanes.updateOne(
        { _id: laneId(consumer, lane) },
        { $inc: { joined: 1 } },
      );
      if (matchedCount > 0) {
        // A projection comes by the end of a stream after the events of the stream, a reaction any time.
        if (kind === 'reaction')
          for (const stream of new Set(joining.map((event) => event.stream))) await isLate(stream);
        return [];
      }
      const free: StoredEvent[] = [];
      for (const event of joining) {
        const _id = parkedId(consumer, event.id);
        // What is no longer there has been handled by the retry, and what was discarded stays so.
        const { deletedCount } = await events.deleteOne({ _id, state: 'parked' });
        if (deletedCount > 0) free.push(event);
      }
      return free;
    };

    // A reaction asks for each event that it handles, of which there are many at a time.
    const heldAmong = askedTogether(async (ids: readonly string[]) => {
      const found = await lanes.find({ _id: { $in: [...ids] } }).toArray();
      return new Set(found.map(({ _id }) => _id));
    });

    const find = (eventId: string) =>
      events.findOne({ _id: parkedId(consumer, eventId), state: 'parked' });

    const drain = async (lane: Lane, handling: Handling): Promise<Retried> => {
      const held = await lanes.findOne({ _id: laneId(consumer, lane) });
      const retried = await drainLane({ store, events, lanes }, consumer, lane, handling);
      if (retried.error !== null || !held?.stream) return retried;
      let { done } = retried;
      for (const heir of await lanes.find({ kind, name, waitsFor: held.stream }).toArray())
        done += (await drain(heir.lane, handling)).done;
      return { done, error: null };
    };

    return {
      held: () =>
        lanes
          .find({ kind, name })
          .project<Hold>({ lane: 1, from: 1, stream: 1, revision: 1 })
          .toArray(),
      heldOf: async (wanted) => {
        const held = await heldAmong(wanted.map((lane) => laneId(consumer, lane)));
        return wanted.find((lane) => held.has(laneId(consumer, lane)));
      },
      join,
      hold: async (lane, event, { error, attempts, waitsFor }) => {
        const { _id, ...document } = waiting(consumer, lane, event, new Date().toISOString());
        const known = await events.findOne({ _id });
        if (known?.state === 'discarded') return false;
        // The lane first: an event without one would be passed by those behind it.
        await lanes.updateOne(
          { _id: laneId(consumer, lane) },
          {
            $min: { from: event.position },
            $inc: { joined: 1 },
            $setOnInsert: {
              kind,
              name,
              lane,
              stream: event.stream,
              revision: event.revision,
              ...(waitsFor !== undefined && { waitsFor }),
            },
          },
          { upsert: true },
        );
        const { error: _, attempts: __, lane: ___, ...rest } = document;
        await events.updateOne(
          { _id },
          { $set: { error: messageOf(error), lane }, $inc: { attempts }, $setOnInsert: rest },
          { upsert: true },
        );
        return !(await isLate(event.stream));
      },
      discardedIn: async (stream) => {
        const discarded = await events.find({ kind, name, stream, state: 'discarded' }).toArray();
        return new Set(discarded.map(({ eventId }) => eventId));
      },
      retry: async (eventId, handling) => {
        const found = await find(eventId);
        return found ? drain(found.lane, handling) : undefined;
      },
      discard: async (eventId, handling) => {
        const found = await find(eventId);
        if (!found) return undefined;
        const { _id, lane } = found;
        const first = await events.findOne(
          { kind, name, lane, state: 'parked' },
          { sort: { position: 1 }, projection: { _id: 1 } },
        );
        await events.updateOne({ _id }, { $set: { state: 'discarded' } });
        // One that only waited changes nothing for those around it.
        return first?._id === _id ? drain(lane, handling) : { done: 0, error: null };
      },
    };
  };

  return {
    of,
    forget,
    hasEnded: (stream) => hasEnded(store, stream),
    prepare: async () => {
      await events.createIndexes([
        { key: { kind: 1, name: 1, state: 1, position: 1 } },
        { key: { kind: 1, name: 1, lane: 1, state: 1, position: 1 } },
        { key: { stream: 1, kind: 1, name: 1 } },
      ]);
      await lanes.createIndexes([
        { key: { stream: 1 } },
        { key: { kind: 1, name: 1, waitsFor: 1 } },
      ]);
    },
  };
};

import type { Collection } from 'mongodb';
import {
  type EventStore,
  type StoredEvent,
  StreamTombstoned,
  tombstoneType,
} from '../eventstore/event-store.js';
import { type HeldLane, laneId, type ParkedEvent } from './parked-documents.js';
import { isUnavailable } from './unavailable.js';

type Places = Readonly<{ events: Collection<ParkedEvent>; lanes: Collection<HeldLane> }>;

/** A consumer's lane. */
type Place = Pick<HeldLane, 'kind' | 'name' | 'lane'>;

/**
 * Forgets the notes about the events of streams, waiting and discarded ones, of every consumer. Lanes
 * in which nothing else waits are free then. A retry under way finds less to do; done again, this does
 * nothing more.
 */
export const forgetStreams = async (
  { events, lanes }: Places,
  streams: readonly string[],
): Promise<void> => {
  const place = { kind: 1, name: 1, lane: 1 } as const;
  const ofThem = { stream: { $in: [...streams] } };
  const found = [
    ...(await events.find(ofThem).project<Place>(place).toArray()),
    ...(await lanes.find(ofThem).project<Place>(place).toArray()),
  ];
  const held = new Map(found.map((each) => [laneId(each, each.lane), each]));
  // The lanes first: without the notes they might not be found again after a crash.
  for (const each of held.values()) await release({ events, lanes }, each, streams);
  await events.deleteMany(ofThem);
};

/** Gives up a lane where only events of some streams wait; else it is held by the first of the others. */
const release = async (
  { events, lanes }: Places,
  { kind, name, lane }: Place,
  streams: readonly string[],
): Promise<void> => {
  const _id = laneId({ kind, name }, lane);
  for (;;) {
    const held = await lanes.findOne({ _id });
    if (!held) return;
    const other = await events.findOne(
      { kind, name, lane, state: 'parked', stream: { $nin: [...streams] } },
      { sort: { position: 1 } },
    );
    if (other) {
      const { stream, revision } = other;
      if (streams.includes(held.stream))
        await lanes.updateOne({ _id, stream: held.stream }, { $set: { stream, revision } });
      return;
    }
    // Unless another event has joined in between.
    const { deletedCount } = await lanes.deleteOne({ _id, joined: held.joined });
    if (deletedCount > 0) return;
  }
};

/** Follows the events of the store, and has forgotten what is left of streams deleted for good. */
export const forgettingEnded =
  (forget: (streams: readonly string[]) => Promise<void>) =>
  async (events: readonly StoredEvent[]): Promise<void> => {
    const ended = events.filter(({ type }) => type === tombstoneType);
    if (ended.length > 0) await forget(ended.map(({ stream }) => stream));
  };

/** Whether a stream was deleted for good. @throws StoreUnavailable */
export const hasEnded = async (store: EventStore, stream: string): Promise<boolean> => {
  try {
    for await (const _ of store.read(stream, { direction: 'backwards', limit: 1 })) return false;
    return false;
  } catch (error) {
    if (isUnavailable(error)) throw error;
    // An event that cannot be read is there.
    return error instanceof StreamTombstoned;
  }
};

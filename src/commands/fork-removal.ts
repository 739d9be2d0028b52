import type { Decider, Fact } from '../domain/decider.js';
import { deciders, parseStream } from '../domain/deciders.js';
import { originOf, type StreamForked } from '../domain/fork.js';
import { type EventStore, type StoredEvent, StreamTombstoned } from '../eventstore/event-store.js';
import { firstState } from '../eventstore/fold.js';
import type { Streams } from '../eventstore/lineage.js';
import { removalStanding, withdrawRemoval } from './removal.js';

/** The session that a stream is, or belongs to; undefined when it belongs to none, and nothing deletes it. */
const sessionOf = async (streams: Streams, stream: string): Promise<string | undefined> => {
  const name = parseStream(stream);
  if (!name || name.category === 'session') return name?.id;
  const adoption = await streams.adoptionOf(stream);
  if (adoption) return adoption.sessionId;
  // Each decider takes its own events: what is asked of it is of its category.
  const decider = deciders[name.category] as unknown as Decider<never, object, Fact, unknown>;
  const state = await firstState(streams, decider, stream);
  return state && (state as Readonly<{ sessionId?: string }>).sessionId;
};

/**
 * Makes sure that a fork which was just written keeps its past. A deletion of the session it was forked
 * from that is only announced is withdrawn. If the deletion is certain already, the fork came too late:
 * then this throws, and the node that follows the events deletes the fork, also when whoever made it
 * crashed.
 *
 * @param origin the stream that wrote the last revision the fork inherits
 * @throws StreamTombstoned when the fork came too late
 */
export const claimPast = async (streams: Streams, origin: string): Promise<void> => {
  const session = await sessionOf(streams, origin);
  if (session !== undefined && !(await withdrawRemoval(streams, session)))
    throw new StreamTombstoned(origin);
};

/** Ends forks that were written after the deletion of what they were forked from was certain. */
export const endingLateForks =
  (streams: Streams, store: Pick<EventStore, 'tombstone'>) =>
  async (events: readonly StoredEvent[]): Promise<void> => {
    await Promise.all(
      events.filter(isFork).map(async (event) => {
        if (await isLate(streams, event)) await endStream(store, event.stream);
      }),
    );
  };

/** Deletes a stream for good. One that was deleted before stays so. */
export const endStream = async (
  store: Pick<EventStore, 'tombstone'>,
  stream: string,
): Promise<void> => {
  await store.tombstone(stream).catch((error: unknown) => {
    if (!(error instanceof StreamTombstoned)) throw error;
  });
};

const isFork = ({ type }: StoredEvent): boolean => type === 'StreamForked';

const isLate = async (
  streams: Streams,
  { stream, position, data }: StoredEvent,
): Promise<boolean> => {
  // The codec has checked that the data is a fork's.
  const origin = originOf((data as StreamForked['data']).ancestry);
  if (!origin) return false;
  try {
    const session = await sessionOf(streams, origin.stream);
    if (session === undefined) return false;
    const removal = await removalStanding(streams, session);
    return removal.stage === 'decided' && removal.position < position;
  } catch (error) {
    if (!(error instanceof StreamTombstoned)) throw error;
    // Whose it was cannot be read any more. If it was detached in time, its past can.
    return !(await hasPast(streams, stream, origin.revision));
  }
};

const hasPast = async (streams: Streams, fork: string, revision: number): Promise<boolean> => {
  try {
    for await (const _ of streams.read(fork, { from: revision, limit: 1 })) return true;
    return false;
  } catch (error) {
    if (!(error instanceof StreamTombstoned)) throw error;
    // Deleted itself, it is nobody's concern.
    return error.stream === fork;
  }
};

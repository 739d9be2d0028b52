import { v7 } from 'uuid';
import { type RemovalEvent, removalOf } from '../domain/removal.js';
import { schemaVersion } from '../eventstore/codec.js';
import {
  type EventMetadata,
  type ExpectedRevision,
  RevisionConflict,
} from '../eventstore/event-store.js';
import type { Streams } from '../eventstore/lineage.js';

/** Where the deletion of a session stands: not asked for, announced, or certain. */
export type Removal = Readonly<{
  stage: 'none' | 'begun' | 'decided';
  revision: ExpectedRevision;
  /** Of the event that says so; 0 when there is none. */
  position: number;
}>;

const stages: Readonly<Record<string, Removal['stage']>> = {
  RemovalBegun: 'begun',
  RemovalDecided: 'decided',
} satisfies Partial<Record<RemovalEvent['type'], Removal['stage']>>;

/** Where the deletion of a session stands. Reads one event at most. @throws what {@link Streams.read} throws */
export const removalStanding = async (streams: Streams, session: string): Promise<Removal> => {
  const newest = streams.read(removalOf(session), { direction: 'backwards', limit: 1 });
  for await (const { type, revision, position } of newest)
    return { stage: stages[type] ?? 'none', revision, position };
  return { stage: 'none', revision: 'none', position: 0 };
};

/**
 * Announces that a session is about to be deleted for good: forks that are written from now on see it.
 *
 * @returns the announcement, or that the deletion is certain already
 * @throws what the event store throws
 */
export const beginRemoval = async (streams: Streams, session: string): Promise<Removal> => {
  for (;;) {
    const last = await removalStanding(streams, session);
    if (last.stage === 'decided') return last;
    const begun = await follow(streams, session, last, 'RemovalBegun');
    if (begun) return { stage: 'begun', ...begun };
  }
};

/**
 * Makes an announced deletion certain, unless a fork has withdrawn it, or another node announced one
 * as well.
 *
 * @returns where it is certain, undefined when it is not
 * @throws what the event store throws, but for RevisionConflict
 */
export const decideRemoval = async (
  streams: Streams,
  session: string,
  begun: Removal,
): Promise<Removal | undefined> => {
  const decided = await follow(streams, session, begun, 'RemovalDecided');
  return decided && { stage: 'decided', ...decided };
};

/**
 * Withdraws the announcement of a deletion, if there is one.
 *
 * @returns false when the deletion is certain and cannot be withdrawn
 * @throws what the event store throws
 */
export const withdrawRemoval = async (streams: Streams, session: string): Promise<boolean> => {
  for (;;) {
    const last = await removalStanding(streams, session);
    if (last.stage !== 'begun') return last.stage === 'none';
    if (await follow(streams, session, last, 'RemovalWithdrawn')) return true;
  }
};

/** Appends behind an event if that is still the last. */
const follow = async (
  streams: Streams,
  session: string,
  { revision }: Removal,
  type: RemovalEvent['type'],
): Promise<Omit<Removal, 'stage'> | undefined> => {
  const event = { id: v7(), type, data: {}, metadata: metadataOf(session) };
  try {
    return await streams.append(removalOf(session), [event], revision, 0);
  } catch (error) {
    if (error instanceof RevisionConflict) return undefined;
    throw error;
  }
};

/** Nobody owns these events: that is why neither the feed nor a webhook tells anyone of them. */
const metadataOf = (session: string): EventMetadata => {
  const commandId = v7();
  const metadata: Omit<EventMetadata, 'ownerId' | 'userId'> = {
    $correlationId: session,
    $causationId: commandId,
    commandId,
    requestId: commandId,
    schemaVersion,
  };
  // Events of ours have an owner and a user, these have not: whoever reads them copes, as with foreign ones.
  return metadata as EventMetadata;
};

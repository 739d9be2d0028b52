import { type Decider, type Fact, isRejection, type Rejection, reject } from '../domain/decider.js';
import { type Adoption, originOf, type StreamForked } from '../domain/fork.js';
import type { Moment } from '../domain/time.js';
import { ancestryAt } from '../eventstore/descents.js';
import { RevisionConflict, type StoredEvent } from '../eventstore/event-store.js';
import { firstState } from '../eventstore/fold.js';
import { baseOf, type Streams } from '../eventstore/lineage.js';
import { keysOf, load } from '../eventstore/load.js';
import { noSnapshots, type Snapshots } from '../eventstore/snapshots.js';
import { decideAll } from './decide-all.js';
import { claimPast } from './fork-removal.js';
import { type CommandRequest, maySee, type Outcome } from './request.js';
import { stamp } from './stamp.js';

export type ForkCommand<Command> = Readonly<{
  /** The id of the stream to fork, without its category. */
  of: string;
  /** The last revision that the fork inherits. */
  at: number;
  /** The id of the fork. */
  id: string;
  /** Decided against the state at that revision, and added together with the fork. */
  amendments?: readonly Command[];
  reason?: string;
  /** When it is made: what a fork waits for is counted from then. Without, it waits for nothing. */
  forkedAt?: Moment;
  scope?: StreamForked['data']['scope'];
  /** What it belongs to from now on; what its ancestor belongs to by default. */
  adoption?: Adoption;
}>;

export type ForkRejection = 'revision-not-found' | 'fork-already-exists';

/**
 * Forks a stream: one append, however long the stream. Only amendments, and the deadline of what waits for
 * one, need the state at the revision, which is loaded from the nearest snapshot.
 *
 * @throws StreamTombstoned when the stream was deleted for good, or is certain to be, and what the
 *   event store throws
 */
export const forkStream = async <Command, State extends object, Event extends Fact, Reason>(
  streams: Streams,
  decider: Decider<Command, State, Event, Reason>,
  {
    of,
    at,
    id,
    amendments = [],
    reason,
    forkedAt,
    scope = 'stream',
    adoption,
  }: ForkCommand<Command>,
  request: CommandRequest,
  snapshots: Snapshots = noSnapshots,
): Promise<Outcome | Rejection<Reason | ForkRejection>> => {
  const parent = `${decider.category}-${of}`;
  const origin = await firstState(streams, decider, parent);
  if (!origin || !maySee(request.caller, decider.ownerOf(origin))) return reject(decider.notFound);
  // A read from before the beginning begins there: the revision is compared.
  if ((await eventAt(streams, parent, at))?.revision !== at) return reject('revision-not-found');

  // Asked for once it was read: if an ancestor is gone, it is known by now where its events are.
  const segments = ancestryAt(parent, (await streams.ancestryOf(parent)) ?? [], at);
  // Who owns a stream and what it belongs to is said by its first event, and by that of its nearest
  // ancestor: without amendments or a deadline, that is all of the state needed.
  const wanted = { through: at, keys: keysOf(decider, amendments) };
  const before =
    amendments.length === 0 && !decider.forkExpiresAt
      ? origin
      : (await load({ streams, snapshots }, decider, parent, wanted)).state;
  const expiresAt = forkedAt && decider.forkExpiresAt?.(before, forkedAt);
  const forked: StreamForked = {
    type: 'StreamForked',
    data: {
      ancestry: segments,
      scope,
      ...(reason !== undefined && { reason }),
      ...(expiresAt !== undefined && { expiresAt }),
      ...(adoption ?? (await streams.adoptionOf(segments.at(-1)?.stream ?? parent, at))),
    },
  };
  const decided = decideAll(decider, decider.evolve(before, forked as Fact as Event), amendments);
  if (isRejection(decided)) return decided;

  const stream = `${decider.category}-${id}`;
  const events = stamp(decider, id, decided.state, [forked, ...decided.events], request);
  const outcome = { id, stream, added: events.length };
  const base = baseOf(forked.data.ancestry);
  const made = await streams.append(stream, events, 'none', base).then(
    ({ revision, position }) => ({ revision, position }),
    async (error: unknown) => {
      if (!(error instanceof RevisionConflict)) throw error;
      const last = await eventAt(streams, stream, base + events.length - 1);
      return last?.id === events.at(-1)?.id && last
        ? { added: 0, revision: last.revision, position: last.position }
        : undefined;
    },
  );
  if (!made) return reject('fork-already-exists');
  // After it is written, and before anyone is told of it.
  await claimPast(streams, originOf(forked.data.ancestry)?.stream ?? parent);
  return { ...outcome, ...made };
};

const eventAt = async (
  streams: Streams,
  stream: string,
  revision: number,
): Promise<StoredEvent | undefined> => {
  for await (const event of streams.read(stream, { from: revision, limit: 1 })) return event;
  return undefined;
};

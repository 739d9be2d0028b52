import { shownStream } from '../domain/archive.js';
import { type Decider, type Fact, isRejection, type Rejection, reject } from '../domain/decider.js';
import { type DetachRejection, detaching } from '../domain/detaching.js';
import { type EventStore, StreamTombstoned } from '../eventstore/event-store.js';
import { baseOf } from '../eventstore/lineage.js';
import { load, type Sources } from '../eventstore/load.js';
import { copyInherited } from './copy-inherited.js';
import { endArchive } from './ended-streams.js';
import { commandHandler } from './handle.js';
import { type CommandRequest, maySee, type Outcome, RevisionMismatch } from './request.js';

type Surroundings = Sources &
  Readonly<{
    store: EventStore;
    /** Resolves once whoever answers from copies has those up to a position. */
    copied: (position: number) => Promise<void>;
  }>;

/**
 * Has a fork depend on its ancestors no more: copies what it inherits into its archive, which takes as
 * long as there is to copy, and then says so with one event. Begun again, after a crash as well, it goes
 * on from where it was.
 *
 * @throws RevisionMismatch, RevisionConflict, StreamTombstoned, and what `copied` and the event store throw
 */
export const detachStream = async <State extends object, Event extends Fact, Reason>(
  { streams, snapshots, store, copied }: Surroundings,
  decider: Decider<never, State, Event, Reason>,
  id: string,
  request: CommandRequest,
): Promise<Outcome | Rejection<Reason | DetachRejection>> => {
  const stream = `${decider.category}-${id}`;
  const rules = detaching(decider);
  const { state, revision } = await load({ streams, snapshots }, rules, stream);
  if (!maySee(request.caller, decider.ownerOf(state))) return reject(decider.notFound);
  const isDue = !isRejection(rules.decide({ type: 'DetachStream' }, state));
  // Said before all is copied, and not only when it comes to the event.
  const { ifRevision = revision } = request;
  if (isDue && ifRevision !== revision) throw new RevisionMismatch(stream, revision);
  try {
    if (isDue) {
      const base = baseOf((await streams.ancestryOf(stream)) ?? []);
      await copied(await copyInherited({ store, streams }, stream, base));
    }
    const handle = commandHandler(streams, rules, { snapshots, cachedStreams: 1 });
    const outcome = await handle(id, [{ type: 'DetachStream' }], request);
    if (isRejection(outcome)) return outcome;
    streams.noteDetached([stream]);
    const { state: _, ...shown } = outcome;
    return shown;
  } catch (error) {
    const isGone = error instanceof StreamTombstoned && shownStream(error.stream) === stream;
    if (!isGone) throw error;
    // What was copied meanwhile goes the same way.
    await endArchive(store, stream);
    throw new StreamTombstoned(stream);
  }
};

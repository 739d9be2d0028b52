import { v7 } from 'uuid';
import { endArchive } from '../../commands/ended-streams.js';
import { endStream } from '../../commands/fork-removal.js';
import {
  beginRemoval,
  decideRemoval,
  removalStanding,
  withdrawRemoval,
} from '../../commands/removal.js';
import type { CommandRequest } from '../../commands/request.js';
import { RevisionConflict, StreamTombstoned } from '../../eventstore/event-store.js';
import { forksOf } from '../../queries/lineage.js';
import { carriedOut } from '../answers.js';
import type { FamilyGate } from '../family-gate.js';
import { modelsSeen } from '../models-seen.js';
import type { Answer } from '../route.js';
import type { Services } from '../services.js';
import { stillForked } from '../still-forked.js';
import { visibleStream } from '../visible-stream.js';
import { endTasks } from './end-tasks.js';

/** How often a deletion is announced again that forks within the session, or other deletions, withdrew. */
const mostAnnouncements = 20;

/**
 * Deletes a session with its executions, interrupts and tasks so that nothing of them can be read again. A stream that
 * others were forked from holds their past: then the request is refused and changes nothing.
 */
export const deleteForGood = (
  services: Services,
  gate: FamilyGate,
  id: string,
  command: CommandRequest,
): Promise<Answer> => gate.remove(id, () => deleteFamily(services, gate.newest(), id, command));

/** @param known position of the newest stream that this process added to any family */
const deleteFamily = async (
  services: Services,
  known: number,
  id: string,
  command: CommandRequest,
): Promise<Answer> => {
  const { sessions, streams, store } = services;
  const stream = `session-${id}`;
  const { ownerId } = await visibleStream(streams, stream, command.caller);
  await familiesKnown(services, known);
  // Cut off once it was certain, it is completed: what forks there are, nobody was told of.
  const { stage } = await removalStanding(streams, id);
  if (stage !== 'decided') await refuseIfForked(services, stream);

  const hidden = carriedOut(await sessions(id, [{ type: 'DeleteSession' }], command));
  const decided = await makeCertain(services, id, stream).catch(async (error: unknown) => {
    // Where it is certain after all, or nobody can tell, it stays hidden until this is repeated.
    const isWithdrawn = await withdrawRemoval(streams, id).catch(() => false);
    if (isWithdrawn && hidden.added > 0)
      await sessions(id, [{ type: 'RestoreSession' }], undoing(command));
    throw error;
  });
  // Of forks that were written since it was announced, nobody was told: who made them was cut off,
  // or is about to be told that the session is gone. Not done in time, it is done when this is repeated.
  await familiesKnown(services, decided);
  for (const late of await othersForkedFrom(services, stream)) await endStream(store, late.stream);

  let position = hidden.position;
  await endTasks(services, id, command);
  for (const each of [...(await familyOf(services, id)), stream]) {
    position = await store.tombstone(each).catch((error: unknown) => {
      if (error instanceof StreamTombstoned) return position;
      throw error;
    });
    streams.noteEnded(each);
    position = (await endArchive(store, each)) ?? position;
  }
  services.audit.deletedForGood(stream, ownerId, command);
  return {
    status: 200,
    body: { id, stream, revision: hidden.revision, position: String(position) },
  };
};

/**
 * Keeps forks and this deletion apart, whatever nodes they are made on. The deletion is announced
 * before it looks for forks, and a fork looks for announcements after it was written: one of the two
 * sees the other. A fork withdraws what is announced; what is certain, no fork is acknowledged after.
 *
 * @returns the position from which it is certain
 * @throws Problem when there are forks, NotCaughtUp, RevisionConflict when it was withdrawn each time
 */
const makeCertain = async (services: Services, id: string, stream: string): Promise<number> => {
  const { streams } = services;
  for (let announcements = 0; announcements < mostAnnouncements; announcements++) {
    const begun = await beginRemoval(streams, id);
    if (begun.stage === 'decided') return begun.position;
    await familiesKnown(services, begun.position);
    await refuseIfForked(services, stream);
    const decided = await decideRemoval(streams, id, begun);
    if (decided) return decided.position;
  }
  throw new RevisionConflict(stream, 'none');
};

/** Waits until the read models know of every stream up to a position. @throws NotCaughtUp */
const familiesKnown = async ({ runner }: Services, position: number): Promise<void> => {
  await modelsSeen(runner, ['streams', 'executions', 'interrupts', 'tasks'], position);
};

/** A command of its own, at whatever revision the stream is by then. */
const undoing = ({ ifRevision: _, ...command }: CommandRequest): CommandRequest => ({
  ...command,
  commandId: v7(),
});

/** The streams of what belongs to a session, forks of it included. */
const familyOf = async (
  { collections: { executions, interrupts, tasks } }: Services,
  sessionId: string,
): Promise<readonly string[]> => {
  const only = { projection: { _id: 1 } } as const;
  const found = await Promise.all([
    executions.find({ sessionId }, only).toArray(),
    interrupts.find({ sessionId }, only).toArray(),
    tasks.find({ sessionId }, only).toArray(),
  ]);
  return found.flat().map(({ _id }) => _id);
};

/** The forks of a session and of what belongs to it that are not the session's own. */
const othersForkedFrom = async (services: Services, stream: string) => {
  const sessionId = stream.slice('session-'.length);
  const own = new Set(await familyOf(services, sessionId));
  const forks = await Promise.all(
    [stream, ...own].map((each) => forksOf(services.collections, each)),
  );
  return forks.flat().filter(({ stream: fork }) => !own.has(fork));
};

/**
 * A fork that was deleted a moment ago may be in the read models still: it is looked for again once
 * they have caught up.
 *
 * @throws Problem naming the forks, NotCaughtUp
 */
const refuseIfForked = async (services: Services, stream: string): Promise<void> => {
  if ((await othersForkedFrom(services, stream)).length === 0) return;
  await familiesKnown(services, await services.store.head());
  const others = await othersForkedFrom(services, stream);
  if (others.length > 0) throw stillForked(others);
};

import { v7 } from 'uuid';
import { type CommandRequest, maySee } from '../../commands/request.js';
import { session } from '../../domain/session.js';
import { StreamTombstoned } from '../../eventstore/event-store.js';
import { firstState } from '../../eventstore/fold.js';
import { forksOf } from '../../queries/lineage.js';
import { carriedOut } from '../answers.js';
import { Problem } from '../problem.js';
import type { Answer } from '../route.js';
import type { Services } from '../services.js';

const patience = 5_000;

/**
 * Deletes a session and its executions so that nothing of them can be read again. A stream that
 * others were forked from holds their past: then the request is refused and changes nothing.
 */
export const deleteForGood = async (
  services: Services,
  id: string,
  command: CommandRequest,
): Promise<Answer> => {
  const { sessions, streams, store, runner, collections } = services;
  const stream = `session-${id}`;
  const origin = await firstState(streams, session, stream);
  if (!origin || !maySee(command.caller, session.ownerOf(origin)))
    throw new Problem('session-not-found');
  await refuseIfForked(services, stream);

  const hidden = carriedOut(await sessions(id, [{ type: 'DeleteSession' }], command));
  await Promise.all(
    (['streams', 'executions'] as const).map((name) =>
      runner.progress(name).reached(hidden.position, patience),
    ),
  );
  // A fork that was made while this went on is in the models by now.
  await refuseIfForked(services, stream).catch(async (error: unknown) => {
    await sessions(id, [{ type: 'RestoreSession' }], { ...command, commandId: v7() });
    throw error;
  });

  let position = hidden.position;
  const executions = await collections.executions
    .find({ sessionId: id }, { projection: { _id: 1 } })
    .toArray();
  for (const { _id } of [...executions, { _id: stream }])
    position = await store.tombstone(_id).catch((error: unknown) => {
      if (error instanceof StreamTombstoned) return position;
      throw error;
    });
  return {
    status: 200,
    body: { id, stream, revision: hidden.revision, position: String(position) },
  };
};

/** @throws Problem naming the forks of a session and of its executions that are not the session's own */
const refuseIfForked = async ({ collections }: Services, stream: string): Promise<void> => {
  const sessionId = stream.slice('session-'.length);
  const executions = await collections.executions
    .find({ sessionId }, { projection: { _id: 1 } })
    .toArray();
  const own = new Set(executions.map(({ _id }) => _id));
  const forks = await Promise.all([stream, ...own].map((each) => forksOf(collections, each)));
  const others = forks.flat().filter(({ stream: fork }) => !own.has(fork));
  if (others.length > 0) throw new Problem('stream-has-forks', undefined, { forks: others });
};

import { type Caller, maySee } from '../commands/request.js';
import { execution } from '../domain/execution.js';
import { session } from '../domain/session.js';
import { firstState } from '../eventstore/fold.js';
import type { Streams } from '../eventstore/lineage.js';
import { malformed, Problem } from './problem.js';

/** What a new thing is said to belong to. */
export type Named = Readonly<{ sessionId?: string | undefined; executionId?: string | undefined }>;

/** What it does belong to: an execution's session is its own. */
export type Belonging = Readonly<{ userId: string; sessionId?: string; executionId?: string }>;

/**
 * Whose a new thing is: that of its session, of its execution, or of who makes it.
 *
 * @throws Problem when the caller may not see what it is to belong to, or the two do not belong together
 */
export const belongingOf = async (
  streams: Streams,
  caller: Caller,
  { sessionId, executionId }: Named,
): Promise<Belonging> => {
  if (executionId === undefined) {
    if (sessionId === undefined) return { userId: caller.userId };
    return { userId: await ownerOfSession(streams, caller, sessionId), sessionId };
  }
  const run = await firstState(streams, execution, `execution-${executionId}`);
  const userId = run && execution.ownerOf(run);
  if (!run || run.status === 'absent' || userId === undefined || !maySee(caller, userId))
    throw new Problem('execution-not-found');
  const adoption = await streams.adoptionOf(`execution-${executionId}`);
  const inSession = adoption?.sessionId ?? run.sessionId;
  if (inSession === undefined && sessionId === undefined) return { userId, executionId };
  if (sessionId !== undefined && inSession !== sessionId)
    throw malformed('sessionId', 'is not that of the execution');
  if (inSession !== undefined) await ownerOfSession(streams, caller, inSession);
  return { userId, executionId, ...(inSession !== undefined && { sessionId: inSession }) };
};

const ownerOfSession = async (streams: Streams, caller: Caller, id: string): Promise<string> => {
  const state = await firstState(streams, session, `session-${id}`);
  const owner = state && session.ownerOf(state);
  if (owner === undefined || !maySee(caller, owner)) throw new Problem('session-not-found');
  return owner;
};

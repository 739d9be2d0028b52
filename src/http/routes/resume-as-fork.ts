import { forkStream } from '../../commands/fork.js';
import { session } from '../../domain/session.js';
import { written } from '../answers.js';
import type { RequestContext } from '../context.js';
import type { FamilyGate } from '../family-gate.js';
import type { Answer } from '../route.js';
import type { Services } from '../services.js';
import { headOf, visibleStream } from '../visible-stream.js';

/** Forks a session at its head and resumes the fork; the session stays as it is. */
export const resumeAsFork = async (
  { streams, snapshots }: Services,
  gate: FamilyGate,
  id: string,
  reason: string | undefined,
  { command, newId }: RequestContext,
): Promise<Answer> => {
  const { stream } = await visibleStream(streams, `session-${id}`, command.caller);
  const fork = {
    of: id,
    at: await headOf(streams, stream, command.ifRevision),
    id: newId,
    amendments: [{ type: 'ResumeSession' } as const],
    ...(reason !== undefined && { reason }),
  };
  const outcome = await gate.add(id, () => forkStream(streams, session, fork, command, snapshots));
  return written(outcome, { created: `/v1/sessions/${newId}` });
};

import { v5 } from 'uuid';
import type { CommandRequest } from '../commands/request.js';
import type { RetryTiming } from '../domain/task.js';
import type { Deadline } from '../queries/deadlines.js';

const namespace = '6f1d2b4e-3c57-5a8d-9e0b-7a4c1f2d8e63';

/** A command that passes a deadline, but for its type: which stream's, with what, and as whom. */
export type Passing = Readonly<{ id: string; command: RetryTiming; request: CommandRequest }>;

/**
 * The command that passes a deadline. It is the same to the last digit whichever node carries it out,
 * and however often: its id and its random number come from the event that set the deadline, its time
 * is the deadline. So its events are the same too, and are added once.
 */
export const passing = ({ stream, revision, dueAt }: Deadline): Passing => {
  const commandId = v5(`${stream}@${revision}`, namespace);
  const jitter = Number.parseInt(commandId.slice(0, 8), 16) / 0xffff_ffff;
  return {
    id: stream.slice(stream.indexOf('-') + 1),
    command: { at: dueAt, jitter },
    request: { commandId, requestId: 'deadlines', caller: { userId: 'forkline', admin: true } },
  };
};

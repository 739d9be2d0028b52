import { v5 } from 'uuid';
import type { CommandHandler } from '../commands/handle.js';
import type { Caller, Outcome, RequestOrigin } from '../commands/request.js';
import { isRejection, type Rejection } from '../domain/decider.js';
import type { ExecutionCommand, ExecutionRejection } from '../domain/execution.js';
import type { SessionCommand, SessionRejection } from '../domain/session.js';
import type { ImportAction } from './import-plan.js';
import { ImportRefused } from './import-refused.js';

/** The command handlers of what an import makes. */
export type ImportHandlers = Readonly<{
  sessions: CommandHandler<SessionCommand, SessionRejection>;
  executions: CommandHandler<ExecutionCommand, ExecutionRejection>;
}>;

/** Who imports, for whom the sessions are made, and what the events carry along. */
export type ImportRequest = Readonly<{
  caller: Caller;
  requestId: string;
  traceparent?: string;
  origin?: RequestOrigin;
}>;

type Reason = SessionRejection | ExecutionRejection;

// What these refuse is there from an earlier import, and was changed since: by hand, or because an
// earlier build read the recording differently. It stays as it is.
const thereAlready: ReadonlySet<Reason> = new Set<Reason>([
  'session-already-exists',
  'session-transition-not-allowed',
  'message-already-exists',
  'execution-already-exists',
  'execution-already-finished',
  'checkpoint-already-exists',
]);

/**
 * Carries out one step of an import; what is there already is left alone.
 *
 * @returns how many events were added
 * @throws ImportRefused when the session or execution takes no more of it
 */
export const carryOut = async (
  action: ImportAction,
  sessionId: string,
  request: ImportRequest,
  handlers: ImportHandlers,
): Promise<number> => {
  const outcome = await send(action, request, handlers);
  if (!isRejection(outcome)) return outcome.added;
  const { rejected } = outcome;
  if (!thereAlready.has(rejected)) throw new ImportRefused(rejected, sessionId);
  // Commands are carried out all or none: one at a time, the others get their chance.
  const parts = action.commands.length > 1 ? partsOf(action) : [];
  let added = 0;
  for (const part of parts) added += await carryOut(part, sessionId, request, handlers);
  return added;
};

const send = (
  action: ImportAction,
  request: ImportRequest,
  { sessions, executions }: ImportHandlers,
): Promise<Outcome | Rejection<Reason>> => {
  const { id, commandId } = action;
  const stamped = { ...request, commandId };
  return action.on === 'session'
    ? sessions(id, action.commands, stamped)
    : executions(id, action.commands, stamped);
};

const partsOf = (action: ImportAction): readonly ImportAction[] => {
  const commandId = (index: number) => v5(String(index), action.commandId);
  return action.on === 'session'
    ? action.commands.map((command, index) => ({
        ...action,
        commandId: commandId(index),
        commands: [command],
      }))
    : action.commands.map((command, index) => ({
        ...action,
        commandId: commandId(index),
        commands: [command],
      }));
};

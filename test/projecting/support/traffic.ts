import { type ForkCommand, forkStream } from '../../../src/commands/fork.js';
import { commandHandler } from '../../../src/commands/handle.js';
import type { Outcome } from '../../../src/commands/request.js';
import { isRejection, type Rejection } from '../../../src/domain/decider.js';
import { type ExecutionCommand, execution } from '../../../src/domain/execution.js';
import { type SessionCommand, session } from '../../../src/domain/session.js';
import { type TaskCommand, task } from '../../../src/domain/task.js';
import type { Streams } from '../../../src/eventstore/lineage.js';
import { request } from '../../support/requests.js';

/** What came of a command that must not be turned down. */
export const accepted = async (answer: Promise<Outcome | Rejection<unknown>>): Promise<Outcome> => {
  const outcome = await answer;
  if (isRejection(outcome)) throw new Error(`turned down: ${outcome.rejected}`);
  return outcome;
};

/** Ann's commands on sessions, executions and tasks, by the command handlers. */
export const commandsOn = (streams: Streams) => {
  const sessions = commandHandler(streams, session);
  const executions = commandHandler(streams, execution);
  const tasks = commandHandler(streams, task);
  return {
    onSession: (id: string, ...commands: readonly SessionCommand[]) =>
      accepted(sessions(id, commands, request())),
    onExecution: (id: string, ...commands: readonly ExecutionCommand[]) =>
      accepted(executions(id, commands, request())),
    onTask: (id: string, ...commands: readonly TaskCommand[]) =>
      accepted(tasks(id, commands, request())),
    forkTask: (command: ForkCommand<TaskCommand>) =>
      accepted(forkStream(streams, task, command, request())),
    forkSession: (command: ForkCommand<SessionCommand>) =>
      accepted(forkStream(streams, session, command, request())),
    forkExecution: (command: ForkCommand<ExecutionCommand>) =>
      accepted(forkStream(streams, execution, command, request())),
  };
};

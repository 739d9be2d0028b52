import { v5 } from 'uuid';
import type { CommandHandler } from '../commands/handle.js';
import type { CommandRequest } from '../commands/request.js';
import type { ExecutionCommand, ExecutionRejection } from '../domain/execution.js';
import type { InterruptCommand, InterruptRejection } from '../domain/interrupt.js';
import type { TaskCommand, TaskRejection } from '../domain/task.js';
import { type StoredEvent, StreamTombstoned } from '../eventstore/event-store.js';
import type { Runner } from '../projecting/runner.js';
import type { Collections } from '../queries/collections.js';
import { inParallel } from './in-parallel.js';
import type { Reaction } from './reaction.js';

export type SessionEndedOptions = Readonly<{
  collections: Pick<Collections, 'interrupts' | 'executions' | 'tasks'>;
  runner: Pick<Runner, 'progress'>;
  interrupts: CommandHandler<InterruptCommand, InterruptRejection>;
  executions: CommandHandler<ExecutionCommand, ExecutionRejection>;
  tasks: CommandHandler<TaskCommand, TaskRejection>;
}>;

const patienceMs = 10_000;
const concurrency = 16;
const reason = 'session-terminated';
const models = ['interrupts', 'executions', 'tasks'] as const;

type Open = Readonly<{
  stream: string;
  cancel: (request: CommandRequest) => Promise<unknown>;
}>;

const prefix = 'session-';

/** When a session is terminated, cancels what is open in it: interrupts, executions and tasks. */
export const sessionEnded = (options: SessionEndedOptions): Reaction => {
  const { runner, interrupts, executions, tasks } = options;

  const openIn = async (sessionId: string): Promise<readonly Open[]> => {
    const { collections } = options;
    const only = { projection: { _id: 1, id: 1 } } as const;
    const [asked, run, queued] = await Promise.all([
      collections.interrupts.find({ sessionId, status: 'pending' }, only).toArray(),
      collections.executions.find({ sessionId, status: 'running' }, only).toArray(),
      collections.tasks
        .find({ sessionId, status: { $in: ['ready', 'delayed', 'running'] } }, only)
        .toArray(),
    ]);
    const openBy =
      (cancel: (id: string, request: CommandRequest) => Promise<unknown>) =>
      ({ _id, id }: Readonly<{ _id: string; id: string }>): Open => ({
        stream: _id,
        cancel: (request) => cancel(id, request),
      });
    // Executions before tasks: what carries an execution on then finds it cancelled.
    return [
      ...run.map(
        openBy((id, request) => executions(id, [{ type: 'CancelExecution', reason }], request)),
      ),
      ...asked.map(
        openBy((id, request) => interrupts(id, [{ type: 'CancelInterrupt', reason }], request)),
      ),
      ...queued.map(openBy((id, request) => tasks(id, [{ type: 'CancelTask', reason }], request))),
    ];
  };

  /** Whoever settles one at the same time is right: a refusal says that there is nothing left to cancel. */
  const cancel = async ({ stream, cancel }: Open, cause: StoredEvent): Promise<void> => {
    const request = {
      commandId: v5(stream, cause.id),
      causationId: cause.id,
      requestId: 'session-ended',
      caller: { userId: 'forkline', admin: true },
    };
    await cancel(request).catch((error: unknown) => {
      if (!(error instanceof StreamTombstoned)) throw error;
    });
  };

  return {
    name: 'session-ended',
    types: ['SessionTerminated'],
    handle: async (event) => {
      // Others come here when they were parked behind one whose type was not known.
      if (event.type !== 'SessionTerminated' || !event.stream.startsWith(prefix)) return;
      // What was begun before is in the models then. What is begun after is not ended with it.
      await Promise.all(
        models.map((name) => runner.progress(name).reached(event.position, patienceMs)),
      );
      const open = await openIn(event.stream.slice(prefix.length));
      await inParallel(open, (each) => cancel(each, event), { concurrency });
    },
  };
};

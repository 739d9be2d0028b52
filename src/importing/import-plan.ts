import { type ExecutionCommand, hasQueues } from '../domain/execution.js';
import { isObject, jsonBytes } from '../domain/json.js';
import type { SessionCommand } from '../domain/session.js';
import { type ImportIds, importIds } from './import-ids.js';
import { compact } from './json.js';
import type {
  RecordedExecution,
  RecordedMessage,
  RecordedRun,
  RecordedStep,
} from './recorded-run.js';

/** Commands for one stream, carried out together. `commandId` is the same on every import of the run. */
export type ImportAction = Readonly<{ commandId: string }> &
  (
    | Readonly<{ on: 'session'; id: string; commands: readonly SessionCommand[] }>
    | Readonly<{ on: 'execution'; id: string; commands: readonly ExecutionCommand[] }>
  );

export type ImportPlan = Readonly<{ ids: ImportIds; actions: readonly ImportAction[] }>;

/** Events of one append may have 1 MiB in all; a message's event has up to 1 KiB around the message. */
const BATCH_BYTES = 1000 * 1024;
const OVERHEAD_BYTES = 1024;
const BATCH_MESSAGES = 500;

/**
 * What to do to turn a recorded run into a session and its executions, in order: messages up to a
 * step, then that step's checkpoint, and so on, so that positions in the store interleave as the run
 * did. The outcomes come last: an execution that is over was imported whole.
 */
export const importPlan = (run: RecordedRun, userId: string): ImportPlan => {
  const ids = importIds(userId, run.key);
  const executions = executionsOf(run);
  const onSession = (what: string, commands: readonly SessionCommand[]): ImportAction => ({
    on: 'session',
    id: ids.session,
    commandId: ids.command(what),
    commands,
  });
  const onExecution = (at: number, what: string, command: ExecutionCommand): ImportAction => ({
    on: 'execution',
    id: ids.execution(at),
    commandId: ids.command(`${what} of execution ${at}`),
    commands: [command],
  });

  const actions: ImportAction[] = [onSession('create', createSession(run, userId))];
  for (const [at, execution] of executions.entries())
    actions.push(onExecution(at, 'start', startExecution(run, execution, ids, userId)));

  let posted = 0;
  const postUpTo = (end: number): void => {
    for (const batch of batchesOf(run.messages, posted, end))
      actions.push(
        onSession(
          `messages ${batch.from} to ${batch.end}`,
          run.messages
            .slice(batch.from, batch.end)
            .map((message, index) => postMessage(message, ids.message(batch.from + index))),
        ),
      );
    posted = Math.max(posted, end);
  };
  for (const { step, execution, index } of inOrder(executions)) {
    postUpTo(step.afterMessages);
    const checkpointId = ids.checkpoint(execution, index);
    actions.push(onExecution(execution, `checkpoint ${index}`, saveCheckpoint(step, checkpointId)));
  }
  postUpTo(run.messages.length);

  const end = endSession(run);
  if (end) actions.push(onSession('end', [end]));
  for (const [at, { outcome }] of executions.entries()) {
    const finish = finishExecution(outcome);
    if (finish) actions.push(onExecution(at, 'finish', finish));
  }
  return { ids, actions };
};

/** All executions of a run. */
export const executionsOf = (run: RecordedRun): readonly RecordedExecution[] => [
  run,
  ...(run.furtherExecutions ?? []),
];

// A failed execution has no output to keep it in, and warnings are worth reading after the import.
const createSession = (run: RecordedRun, userId: string): readonly SessionCommand[] => {
  const { outcome, warnings, title, mode, metadata } = run;
  const output = outcome.status === 'failed' ? outcome.output : undefined;
  return [
    {
      type: 'CreateSession',
      userId,
      title,
      mode,
      metadata: {
        ...metadata,
        recording: compact({
          ...(isObject(metadata.recording) ? metadata.recording : {}),
          key: run.key,
          output,
          warnings: warnings.length > 0 ? warnings : undefined,
        }),
      },
    },
    { type: 'MoveSession', status: 'active' },
  ];
};

const startExecution = (
  run: RecordedRun,
  { input, pipeline, requestId }: RecordedExecution,
  ids: ImportIds,
  userId: string,
): ExecutionCommand => ({
  type: 'StartExecution',
  userId,
  sessionId: ids.session,
  ...(requestId === undefined ? {} : { requestId }),
  ...(pipeline ? { pipeline } : {}),
  // What is recorded was carried out elsewhere: no task is to do it again.
  ...(hasQueues(pipeline) ? { held: true as const } : {}),
  input: input ?? { recording: { format: run.format, key: run.key } },
});

const postMessage = (message: RecordedMessage, messageId: string): SessionCommand => ({
  type: 'PostMessage',
  messageId,
  ...message,
});

const saveCheckpoint = (step: RecordedStep, checkpointId: string): ExecutionCommand => {
  const { afterMessages: _, ...checkpoint } = step;
  return { type: 'SaveCheckpoint', checkpointId, ...checkpoint };
};

const endSession = ({ sessionStatus, outcome }: RecordedRun): SessionCommand | undefined => {
  switch (sessionStatus) {
    case 'active':
      return undefined;
    case 'terminated':
      return { type: 'TerminateSession' };
    case 'completed':
      return { type: 'MoveSession', status: 'completed' };
    case 'failed':
      return {
        type: 'MoveSession',
        status: 'failed',
        ...(outcome.status === 'failed' ? { reason: outcome.error } : {}),
      };
  }
};

const finishExecution = (outcome: RecordedExecution['outcome']): ExecutionCommand | undefined => {
  switch (outcome.status) {
    case 'running':
      return undefined;
    case 'completed':
      return { type: 'CompleteExecution', output: outcome.output };
    case 'failed':
      return { type: 'FailExecution', error: outcome.error };
    case 'cancelled':
      return {
        type: 'CancelExecution',
        ...(outcome.reason === undefined ? {} : { reason: outcome.reason }),
      };
  }
};

// Steps of all executions by the messages that came before them; toSorted keeps equal ones in order.
const inOrder = (executions: readonly RecordedExecution[]) =>
  executions
    .flatMap(({ steps }, execution) => steps.map((step, index) => ({ step, execution, index })))
    .toSorted((a, b) => a.step.afterMessages - b.step.afterMessages);

function* batchesOf(messages: readonly RecordedMessage[], from: number, end: number) {
  let first = from;
  let bytes = 0;
  for (let at = from; at < end; at++) {
    const message = messages[at];
    const size = OVERHEAD_BYTES + (message ? jsonBytes(message) : 0);
    if (at > first && (bytes + size > BATCH_BYTES || at - first >= BATCH_MESSAGES)) {
      yield { from: first, end: at };
      first = at;
      bytes = 0;
    }
    bytes += size;
  }
  if (end > first) yield { from: first, end };
}

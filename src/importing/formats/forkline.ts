import { isObject, type JsonObject } from '../../domain/json.js';
import { fieldsOf } from '../fields.js';
import { compact } from '../json.js';
import { unknownFields } from '../limits.js';
import type { Notes } from '../notes.js';
import { readMessage } from '../recorded-message.js';
import type {
  RecordedExecution,
  RecordedMessage,
  RecordedOutcome,
  RecordedStep,
} from '../recorded-run.js';
import { checked } from './checked.js';
import {
  type ExportedCheckpoint,
  type ExportedExecution,
  type ExportedMessage,
  type ForklineExport,
  forklineExport,
} from './forkline-export.js';
import { type FormatReader, recordingMetadata, titleOfFile } from './format-reader.js';

/** Sessions as Forkline itself exports them: one object per session. */
export const forkline: FormatReader = {
  recognises: (value) => isObject(value) && 'forkline' in value,

  identity: (value) => {
    if (!isObject(value)) return value;
    const { exportedAt: _, ...run } = value;
    return run;
  },

  read: (value, name, notes) => {
    const exported = checked(forklineExport, value, 'forkline');
    const {
      session,
      executions,
      forkline: _,
      exportedAt: __,
      messages: recorded,
      ...rest
    } = exported;
    const messages = recorded.map((message, index) => messageOf(message, index, notes));
    const [first, ...further] = executions.map((execution, index) =>
      executionOf(execution, `executions[${index}]`, recorded, notes),
    );
    if (!first) notes.add('the session has no execution');
    const beyond = unknownFields(rest as JsonObject, 'the export', notes);
    return {
      title: session.title ?? titleOfFile(name) ?? 'Imported session',
      metadata: { ...metadataOf(session, name), ...(beyond ? { recorded: beyond } : {}) },
      mode: session.mode ?? 'interactive',
      sessionStatus: statusOf(session.status, notes),
      messages,
      ...(first ?? { steps: [], outcome: { status: 'running' } }),
      ...(further.length > 0 ? { furtherExecutions: further } : {}),
    };
  },
};

// Statuses that a session can leave again are its owner's to set.
const statusOf = (status: string | undefined, notes: Notes) => {
  if (status === 'completed' || status === 'failed' || status === 'terminated') return status;
  if (status !== undefined && status !== 'active')
    notes.add(`the session was ${status.slice(0, 60)}, it is imported as active`);
  return 'active';
};

// The session's own metadata, and under `recording` what it was where it comes from; if that was an
// import too, its origin goes along.
const metadataOf = (session: ForklineExport['session'], name: string | undefined): JsonObject => {
  const {
    metadata = {},
    title: _,
    ...origin
  } = session as JsonObject & {
    metadata?: JsonObject;
  };
  const { recording } = recordingMetadata('forkline', name) as { recording: JsonObject };
  const { recording: earlier, ...own } = metadata;
  return { ...own, recording: compact({ ...recording, session: origin, earlier }) };
};

const messageOf = (message: ExportedMessage, index: number, notes: Notes): RecordedMessage => {
  const { id, metadata, createdAt, toolCalls, toolCallId, ...rest } = message;
  const fields = fieldsOf(
    compact({
      ...(rest as JsonObject),
      tool_calls: toolCalls,
      tool_call_id: toolCallId,
    }),
  );
  const known = { at: createdAt, recordedId: id, ...metadata };
  return readMessage(fields, known, `messages[${index}]`, notes);
};

const executionOf = (
  execution: ExportedExecution,
  place: string,
  messages: readonly ExportedMessage[],
  notes: Notes,
): RecordedExecution => {
  const { checkpoints, requestId, pipeline, input } = execution;
  let reached = 0;
  const steps = checkpoints.map((checkpoint, index): RecordedStep => {
    const { agent, stage, stageOrder, state, outputs } = checkpoint;
    noteUnknown(checkpoint, checkpointFields, `${place}.checkpoints[${index}]`, notes);
    reached = Math.max(reached, messagesBefore(checkpoint, messages));
    return {
      agent,
      stage,
      stageOrder,
      state,
      ...(outputs ? { outputs } : {}),
      processing: processingOf(checkpoint),
      afterMessages: reached,
    };
  });
  noteUnknown(execution, executionFields, place, notes);
  return {
    steps,
    outcome: outcomeOf(execution),
    ...(input ? { input } : {}),
    ...(pipeline ? { pipeline } : {}),
    ...(requestId === undefined ? {} : { requestId }),
  };
};

const messagesBefore = (
  { afterMessages, createdAt }: ExportedCheckpoint,
  messages: readonly ExportedMessage[],
): number => {
  if (afterMessages !== undefined) return Math.min(afterMessages, messages.length);
  if (createdAt === undefined) return messages.length;
  const later = messages.findIndex((message) => (message.createdAt ?? '') > createdAt);
  return later < 0 ? messages.length : later;
};

// State and outputs belong to the agent, so where a checkpoint comes from stands in its records.
const processingOf = ({ id, createdAt, processing = [] }: ExportedCheckpoint) => {
  if (processing.some(({ type }) => type === 'recorded')) return processing;
  return [...processing, compact({ type: 'recorded', checkpointId: id, at: createdAt })];
};

const outcomeOf = (execution: ExportedExecution): RecordedOutcome => {
  const { status, output, error, reason } = execution;
  switch (status) {
    case 'completed':
      return { status, output: output ?? {} };
    case 'failed':
      return { status, error: error ?? 'failed', ...(output ? { output } : {}) };
    case 'cancelled':
      return { status, ...(reason === undefined ? {} : { reason }) };
    case 'running':
      return { status };
  }
};

const checkpointFields = new Set(
  'id agent stage stageOrder state outputs processing createdAt afterMessages'.split(' '),
);
const executionFields = new Set(
  'id status requestId pipeline input output error reason startedAt endedAt checkpoints'.split(' '),
);

const noteUnknown = (
  recorded: Readonly<Record<string, unknown>>,
  known: ReadonlySet<string>,
  place: string,
  notes: Notes,
): void => {
  for (const field of Object.keys(recorded))
    if (!known.has(field)) notes.add(`field ${field.slice(0, 60)} is left out: unknown`, place);
};

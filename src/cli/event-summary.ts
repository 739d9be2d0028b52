import type { ForklineEvent, JsonObject, JsonValue } from '../client/client.js';
import type { DeltaOperation } from '../domain/delta.js';
import { isObject } from './is-object.js';
import { cut, oneLine } from './text.js';

/** So much of a text is looked at; rows of tables are cut to the screen besides. */
const mostOfText = 400;
/** Messages can be megabytes long: what is past this could not be shown anyway. */
const mostRead = 10_000;
const mostOfValue = 40;

/** What an event says, in a few words on one line. */
export const summaryOf = ({ type, data }: Pick<ForklineEvent, 'type' | 'data'>): string =>
  cut(oneLine((summaries[type] ?? inShort)(data).slice(0, mostRead)), mostOfText);

const summaries: Readonly<Record<string, (data: JsonObject) => string>> = {
  SessionCreated: ({ title, mode }) => `${quoted(title)} (${word(mode)})`,
  SessionRenamed: ({ title }) => quoted(title),
  SessionMetadataChanged: ({ metadata }) => inShort(metadata),
  SessionPaused: ({ reason }) => word(reason),
  SessionFailed: ({ error }) => word(error),
  SessionTerminated: ({ reason }) => word(reason),
  MessagePosted: ({ role, content, toolCalls }) =>
    [`${word(role)}:`, textOf(content), ...listOf(toolCalls).map(callOf)].join(' '),
  MessageEdited: ({ content }) => textOf(content),
  MessageDeleted: ({ messageId }) => word(messageId),
  ExecutionStarted: ({ pipeline, input }) =>
    [isObject(pipeline) ? word(pipeline.name) : '', inShort(input)].filter(Boolean).join(' '),
  CheckpointSaved: ({ stage, agent, state, stateDelta }) =>
    `${word(stage)} (${word(agent)}) ${isObject(state) ? keysOf(state) : changesIn(stateDelta)}`,
  StageDispatched: ({ stage, taskId }) => `${word(stage)} → task ${word(taskId)}`,
  StageFinished: ({ stage, taskId }) => `${word(stage)} by task ${word(taskId)}`,
  CheckpointsPruned: ({ through, count }) => `${count} up to revision ${through}`,
  ExecutionCompleted: ({ output }) => inShort(output),
  ExecutionFailed: ({ error }) => word(error),
  ExecutionCancelled: ({ reason }) => word(reason),
  TaskSubmitted: ({ type, queue, payload }) =>
    [`${word(type)} → ${word(queue)}`, inShort(payload)].filter(Boolean).join(' '),
  TaskBecameDue: ({ queue }) => word(queue),
  TaskClaimed: ({ workerId, attempt }) => `${word(workerId)}, attempt ${String(attempt)}`,
  TaskLeaseExtended: ({ leaseExpiresAt }) => `until ${word(leaseExpiresAt)}`,
  TaskProgressed: ({ percent, status }) => `${String(percent)} % ${word(status)}`.trimEnd(),
  TaskCompleted: ({ result }) => inShort(result),
  TaskAttemptFailed: ({ error }) => word(error),
  TaskLeaseExpired: ({ workerId, reason }) => `${word(workerId)}: ${word(reason)}`,
  TaskDeadLettered: ({ reason }) => word(reason),
  TaskRetried: ({ from }) => `was ${word(from)}`,
  TaskCancelRequested: ({ reason }) => word(reason),
  TaskCancelled: ({ from, reason }) => [`was ${word(from)}`, word(reason)].join(' ').trimEnd(),
  StreamForked: ({ ancestry, reason }) => [originIn(ancestry), word(reason)].join(' '),
};

/** The changes of a state (RFC 6902) in a few words: `step 3, plan.next "deploy", -draft`. */
export const changesIn = (changes: JsonValue | readonly DeltaOperation[] | undefined): string =>
  listOf(changes)
    .filter(isObject)
    .map((change) => {
      const name = word(change.path).slice(1).replaceAll('/', '.');
      return change.op === 'remove' ? `-${name}` : `${name} ${shortValue(change.value)}`;
    })
    .join(', ');

/** A value on one line; of a list the length. */
export const shortValue = (value: JsonValue | undefined, most = mostOfValue): string => {
  if (Array.isArray(value)) return `[${value.length}]`;
  return cut(oneLine(JSON.stringify(value ?? null).slice(0, mostRead)), most);
};

const keysOf = (state: JsonObject): string => `{ ${Object.keys(state).join(', ')} }`;

const originIn = (ancestry: JsonValue | undefined): string => {
  const last = listOf(ancestry).filter(isObject).at(-1);
  return last ? `from ${word(last.stream)}@${String(last.through)}` : '';
};

/** What a message says. */
export const textOf = (content: JsonValue | undefined): string =>
  typeof content === 'string'
    ? content
    : listOf(content)
        .map((part) => (isObject(part) && typeof part.text === 'string' ? part.text : '[…]'))
        .join(' ');

const callOf = (call: JsonValue): string => {
  const called = isObject(call) && isObject(call.function) ? call.function : call;
  return isObject(called) ? `→ ${word(called.name)} ${word(called.arguments)}` : '';
};

const inShort = (value: JsonValue | undefined): string => {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  const json = JSON.stringify(value);
  return json === '{}' ? '' : json;
};

const quoted = (value: JsonValue | undefined): string => `“${word(value)}”`;
const word = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');
const listOf = (value: unknown): readonly JsonValue[] => (Array.isArray(value) ? value : []);

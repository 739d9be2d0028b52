import type { Caller } from '../commands/request.js';
import { findCheckpoint, listCheckpoints } from './checkpoints.js';
import type { Collections } from './collections.js';
import { type ExecutionView, listExecutions } from './executions.js';
import { listMessages, type MessageView } from './messages.js';
import type { Page } from './page.js';
import type { SessionView } from './sessions.js';

/** The formats that a session can be exported in. */
export const exportFormats = ['json', 'txt', 'md'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** What is exported, as of when. */
export type Exported = Readonly<{
  session: Omit<SessionView, 'messageCount'>;
  /** The session's revision to export; with the position and time of its event. The head when absent. */
  at?: Readonly<{ revision: number; position: number; created: string }>;
  exportedAt: string;
}>;

const pageSize = 200;

/** A session with its messages, and in JSON its executions with their checkpoints, as pieces of text. */
export const exportSession = (
  collections: Collections,
  caller: Caller,
  format: ExportFormat,
  exported: Exported,
): AsyncIterable<string> => {
  const messages = messagesOf(collections, exported);
  switch (format) {
    case 'json':
      return asJson(collections, caller, exported, messages);
    case 'txt':
      return asText(messages);
    case 'md':
      return asMarkdown(exported, messages);
  }
};

async function* pages<Item>(read: (cursor?: string) => Promise<Page<Item>>): AsyncGenerator<Item> {
  for (let cursor: string | undefined; ; ) {
    const { items, next } = await read(cursor);
    yield* items;
    if (next === null) return;
    cursor = next;
  }
}

const messagesOf = (
  collections: Collections,
  { session, at }: Exported,
): AsyncIterable<MessageView> =>
  pages((cursor) =>
    listMessages(collections, `session-${session.id}`, {
      limit: pageSize,
      ...(at && { at: at.revision }),
      ...(cursor !== undefined && { cursor }),
    }),
  );

async function* asJson(
  collections: Collections,
  caller: Caller,
  exported: Exported,
  messages: AsyncIterable<MessageView>,
): AsyncGenerator<string> {
  const { session, exportedAt, at } = exported;
  yield `{"forkline":1,"exportedAt":${JSON.stringify(exportedAt)},"session":${JSON.stringify(session)},"messages":`;
  yield* jsonArray(messages);
  yield ',"executions":[';
  let separator = '';
  const executions = pages((cursor) =>
    listExecutions(collections, caller, {
      sessionId: session.id,
      limit: pageSize,
      ...(cursor !== undefined && { cursor }),
    }),
  );
  for await (const execution of executions) {
    if (at && execution.createdAt > at.created) continue;
    yield `${separator}${JSON.stringify(headOf(execution, at)).slice(0, -1)},"checkpoints":`;
    yield* jsonArray(checkpointsOf(collections, caller, execution.id, at));
    yield '}';
    separator = ',';
  }
  yield ']}\n';
}

async function* jsonArray(items: AsyncIterable<unknown>): AsyncGenerator<string> {
  yield '[';
  let separator = '';
  for await (const item of items) {
    yield `${separator}\n${JSON.stringify(item)}`;
    separator = ',';
  }
  yield ']';
}

/** What was known of an execution at a moment: one that ended later was still running. */
const headOf = (
  { finishedAt, output, error, reason, createdAt, ...execution }: ExecutionView,
  at: Exported['at'],
): object => {
  const isOver = finishedAt !== undefined && (!at || finishedAt <= at.created);
  return {
    ...execution,
    status: isOver ? execution.status : 'running',
    startedAt: createdAt,
    ...(isOver && { endedAt: finishedAt, output, error, reason }),
  };
};

async function* checkpointsOf(
  collections: Collections,
  caller: Caller,
  executionId: string,
  at: Exported['at'],
): AsyncGenerator<object> {
  const checkpoints = pages((cursor) =>
    listCheckpoints(collections, `execution-${executionId}`, {
      limit: pageSize,
      ...(cursor !== undefined && { cursor }),
    }),
  );
  for await (const { id, createdAt } of checkpoints) {
    if (at && createdAt > at.created) return;
    const checkpoint = await findCheckpoint(collections, caller, id);
    if (checkpoint) yield checkpoint;
  }
}

async function* asText(messages: AsyncIterable<MessageView>): AsyncGenerator<string> {
  for await (const message of messages) yield `[${speakerOf(message)}]\n${textOf(message)}\n\n`;
}

async function* asMarkdown(
  { session }: Exported,
  messages: AsyncIterable<MessageView>,
): AsyncGenerator<string> {
  yield `# ${session.title || session.id}\n\n`;
  for await (const message of messages)
    yield `## ${speakerOf(message)} · ${message.createdAt}\n\n${textOf(message)}\n\n`;
}

const speakerOf = ({ role, name }: MessageView): string =>
  name === undefined ? (role ?? '') : `${role} ${name}`;

const textOf = ({ content, toolCalls }: MessageView): string => {
  const said =
    typeof content === 'string'
      ? content
      : (content ?? [])
          .map((part) => (typeof part.text === 'string' ? part.text : JSON.stringify(part)))
          .join('\n');
  const calls = (toolCalls ?? []).map((call) => `→ ${JSON.stringify(call)}`);
  return [said, ...calls].filter((line) => line !== '').join('\n');
};

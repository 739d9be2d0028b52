import type { JsonObject } from '../src/domain/json.js';
import type { Message, MessageContent, MessageRole, SessionEvent } from '../src/domain/session.js';
import { withFields, without } from '../src/fields.js';
import type { Projected, Projection } from '../src/projecting/projection.js';

/**
 * A version of a message. In a fork, a row of an inherited message holds only what the fork changed
 * of it: without `seq`, it is laid over the ancestor's row.
 */
export type MessageDocument = Readonly<{
  stream: string;
  /** In the archive of a detached fork: the stream that it was written in. */
  writtenIn?: string;
  messageId: string;
  /** Revision of the event that posted it: its place among the session's messages. */
  seq?: number;
  userId: string;
  role?: MessageRole;
  content?: MessageContent;
  name?: string;
  toolCalls?: readonly JsonObject[];
  toolCallId?: string;
  metadata?: JsonObject;
  createdAt?: string;
  editedAt?: string;
  deleted: boolean;
  /** What full-text search looks at. */
  text?: string;
}>;

/** What the versions of a message in one stream have in common. */
export const messageKey = (stream: string, messageId: string): string => `${stream}/${messageId}`;

/** Versions of the messages of sessions, by revision. */
export const messages: Projection<MessageDocument, SessionEvent> = {
  name: 'messages',
  version: 2,
  ranged: true,
  category: 'session',
  indexes: [{ key: { stream: 1, seq: 1, from: 1 } }, { key: { text: 'text' } }],
  key: ({ stream, data }) => ('messageId' in data ? messageKey(stream, data.messageId) : undefined),
  begins: ({ type }) => type === 'MessagePosted',
  on: {
    MessagePosted: (_, { data, stream, revision, created, metadata }) =>
      withFields(data, {
        stream,
        seq: revision,
        userId: metadata.ownerId,
        createdAt: created,
        deleted: false,
        text: textOf(data),
      }),
    MessageEdited: (document, { data, created, ...event }) =>
      withFields(document ?? inherited(event, data.messageId), {
        content: data.content,
        editedAt: created,
        text: textOf(data),
      }),
    MessageDeleted: (document, { data, ...event }) => {
      const before = document ?? inherited(event, data.messageId);
      return withFields(without(before, 'text'), { deleted: true });
    },
  },
};

const inherited = (
  { stream, metadata }: Pick<Projected, 'stream' | 'metadata'>,
  messageId: string,
): MessageDocument => ({ stream, messageId, userId: metadata.ownerId, deleted: false });

const textOf = ({ content }: Pick<Message, 'content'>): string =>
  typeof content === 'string'
    ? content
    : content.map(({ text }) => (typeof text === 'string' ? text : '')).join('\n');

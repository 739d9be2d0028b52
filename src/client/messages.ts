import { everyItem } from './pages.js';
import { path, type ReadOptions, type Transport, type WriteOptions } from './transport.js';
import type { Message, MessageContent, MessageQuery, NewMessage, Page, Written } from './types.js';

/** The messages of a session. */
export const messagesOver = (http: Transport) => {
  const list = (sessionId: string, query?: MessageQuery, options?: ReadOptions) =>
    http.read<Page<Message>>(path`/v1/sessions/${sessionId}/messages`, query, options);

  return {
    /** Posts a message. `id` in the answer is the message's. */
    post: (sessionId: string, message: NewMessage, options?: WriteOptions) =>
      http.write<Written>('POST', path`/v1/sessions/${sessionId}/messages`, message, options),
    /** One page, oldest first. */
    list,
    /** Every message, oldest first. */
    each: (sessionId: string, query: MessageQuery = {}, options?: ReadOptions) =>
      everyItem((page: MessageQuery) => list(sessionId, page, options), query),
    /** Changes what a user said; how it was before stays readable with `at`. */
    edit: (
      sessionId: string,
      messageId: string,
      change: Readonly<{ content: MessageContent }>,
      options?: WriteOptions,
    ) =>
      http.write<Written>(
        'PATCH',
        path`/v1/sessions/${sessionId}/messages/${messageId}`,
        change,
        options,
      ),
    remove: (sessionId: string, messageId: string, options?: WriteOptions) =>
      http.write<Written>(
        'DELETE',
        path`/v1/sessions/${sessionId}/messages/${messageId}`,
        undefined,
        options,
      ),
  };
};

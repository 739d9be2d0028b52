import { unreachable } from './forkline-error.js';
import { importRecording } from './import-recording.js';
import { messagesOver } from './messages.js';
import { everyItem } from './pages.js';
import { path, type ReadOptions, type Transport, type WriteOptions } from './transport.js';
import type {
  NewSession,
  Page,
  Session,
  SessionChange,
  SessionMove,
  SessionQuery,
  Written,
} from './types.js';

type Reason = Readonly<{ reason?: string }>;

/** `fork` resumes a fork made at the head instead of the session itself. */
export type Resumption = Readonly<{ fork?: boolean }>;

export type ExportQuery = Readonly<{ format?: 'json' | 'txt' | 'md'; at?: number }>;

/** Conversations with agents. */
export const sessionsOver = (http: Transport) => {
  const list = (query?: SessionQuery, options?: ReadOptions) =>
    http.read<Page<Session>>('/v1/sessions', query, options);
  const post = (id: string, action: string, body: object, options?: WriteOptions) =>
    http.write<Written>('POST', path`/v1/sessions/${id}/${action}`, body, options);

  return {
    messages: messagesOver(http),
    create: (session: NewSession = {}, options?: WriteOptions) =>
      http.write<Written>('POST', '/v1/sessions', session, options),
    get: (id: string, options?: ReadOptions) =>
      http.read<Session>(path`/v1/sessions/${id}`, {}, options),
    /** One page, newest activity first. */
    list,
    /** Every session, newest activity first. */
    each: (query: SessionQuery = {}, options?: ReadOptions) =>
      everyItem((page: SessionQuery) => list(page, options), query),
    patch: (id: string, change: SessionChange, options?: WriteOptions) =>
      http.write<Written>('PATCH', path`/v1/sessions/${id}`, change, options),
    pause: (id: string, reason: Reason = {}, options?: WriteOptions) =>
      post(id, 'pause', reason, options),
    resume: (id: string, how: Resumption = {}, options?: WriteOptions) =>
      post(id, 'resume', how, options),
    terminate: (id: string, reason: Reason = {}, options?: WriteOptions) =>
      post(id, 'terminate', reason, options),
    /** The other moves of a session's life. */
    transition: (id: string, move: SessionMove, options?: WriteOptions) =>
      post(id, 'transitions', move, options),
    /** Hides a session, which `restore` undoes; with `hard`, deletes it for good. */
    remove: (id: string, { hard }: Readonly<{ hard?: boolean }> = {}, options?: WriteOptions) =>
      http.write<Written>('DELETE', path`/v1/sessions/${id}`, undefined, options, {
        query: { hard },
      }),
    restore: (id: string, options?: WriteOptions) => post(id, 'restore', {}, options),
    import: importRecording(http),
    /** The session as a document, as it arrives. For its text: `new Response(await export(id)).text()`. */
    export: async (
      id: string,
      query: ExportQuery = {},
      { after, signal }: ReadOptions = {},
    ): Promise<ReadableStream<Uint8Array>> => {
      const response = await http.send('GET', path`/v1/sessions/${id}/export`, {
        query: { ...query, after: http.after(after) },
        headers: { accept: '*/*' },
        signal,
        isRepeatable: true,
      });
      if (!response.body) throw unreachable(response.url, new Error('the answer has no body'));
      return response.body;
    },
  };
};

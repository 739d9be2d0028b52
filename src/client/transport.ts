import { errorIn, ForklineError, isAbort, unreachable } from './forkline-error.js';
import type { Position } from './types.js';
import { untilAdmitted } from './until-admitted.js';

export type ClientOptions = Readonly<{
  /** Where Forkline listens, such as `http://127.0.0.1:4400`; may have a path that comes before `/v1`. */
  url: string;
  /** A JWT or an API key. */
  token?: string;
  /** Who is calling, for a server without authentication; `local` by default. */
  userId?: string;
  /** Instead of the global `fetch`. */
  fetch?: typeof fetch;
}>;

export type ReadOptions = Readonly<{
  /** Waits until the read model has seen this position: that of a write, to read your own writes. */
  after?: Position;
  signal?: AbortSignal;
}>;

export type WriteOptions = Readonly<{
  /** Makes it safe to send the same write again: within 24 h it is carried out once. */
  idempotencyKey?: string;
  /** The write is carried out only if the stream is at this revision; else it is refused with 412. */
  ifMatch?: number;
  signal?: AbortSignal;
}>;

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

type Call = Readonly<{
  query?: Query;
  headers?: Readonly<Record<string, string>>;
  body?: RequestInit['body'];
  signal?: AbortSignal | undefined;
}>;

/**
 * Sends requests and takes answers. Everything throws ForklineError for what is not a success. What is
 * refused because there were too many requests is sent again when the server says to, for a minute.
 */
export type Transport = Readonly<{
  send(method: string, path: string, call?: Call): Promise<Response>;
  read<Answer>(path: string, query?: Query, options?: ReadOptions): Promise<Answer>;
  write<Answer>(
    method: string,
    path: string,
    body: unknown,
    options?: WriteOptions,
    query?: Query,
  ): Promise<Answer>;
}>;

/** A path with the values in it escaped. */
export const path = (parts: TemplateStringsArray, ...values: readonly string[]): string =>
  parts.reduce((before, part, index) => {
    return `${before}${encodeURIComponent(values[index - 1] ?? '')}${part}`;
  });

/** The address of a path below the one Forkline listens at. @throws TypeError when that is no URL */
export const addressOf = (url: string, pathname: string, query: Query = {}): URL => {
  const address = new URL(url);
  address.pathname = `${address.pathname.replace(/\/+$/, '')}${pathname}`;
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) address.searchParams.set(name, String(value));
  return address;
};

/** The headers that say who is calling. */
export const callerHeaders = ({
  token,
  userId,
}: Pick<ClientOptions, 'token' | 'userId'>): Record<string, string> => ({
  ...(token !== undefined && { authorization: `Bearer ${token}` }),
  ...(userId !== undefined && { 'x-user-id': userId }),
});

/** Talks to Forkline over `fetch`. */
export const httpTransport = (options: ClientOptions): Transport => {
  const { url, fetch: send = fetch } = options;
  // A wrong address is the caller's mistake: said at once, not with the first request.
  addressOf(url, '');

  const sendOnce = async (method: string, pathname: string, call: Call): Promise<Response> => {
    const { query, headers, body, signal } = call;
    const response = await send(addressOf(url, pathname, query), {
      method,
      headers: { accept: 'application/json', ...callerHeaders(options), ...headers },
      ...(body !== undefined && { body }),
      // A body that is a stream is sent as it comes; fetch wants that said.
      ...(body instanceof ReadableStream && { duplex: 'half' }),
      ...(signal && { signal }),
    }).catch((error: unknown) => {
      throw signal?.aborted || isAbort(error) ? error : unreachable(url, error);
    });
    if (!response.ok) throw await errorIn(response);
    return response;
  };

  const transport: Transport = {
    send: (method, pathname, call = {}) => {
      const once = () => sendOnce(method, pathname, call);
      // A stream can be sent once only.
      return call.body instanceof ReadableStream ? once() : untilAdmitted(once, call.signal);
    },

    read: async <Answer>(pathname: string, query?: Query, { after, signal }: ReadOptions = {}) =>
      answerIn<Answer>(
        await transport.send('GET', pathname, {
          query: { ...query, ...(after !== undefined && { after }) },
          signal,
        }),
      ),

    write: async <Answer>(
      method: string,
      pathname: string,
      content: unknown,
      { idempotencyKey, ifMatch, signal }: WriteOptions = {},
      query?: Query,
    ) =>
      answerIn<Answer>(
        await transport.send(method, pathname, {
          headers: {
            ...(content !== undefined && { 'content-type': 'application/json' }),
            ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
            ...(ifMatch !== undefined && { 'if-match': `"${ifMatch}"` }),
          },
          ...(content !== undefined && { body: JSON.stringify(content) }),
          ...(query && { query }),
          signal,
        }),
      ),
  };
  return transport;
};

const answerIn = async <Answer>(response: Response): Promise<Answer> => {
  const text = await response.text().catch((error: unknown) => {
    throw isAbort(error) ? error : unreachable(response.url, error);
  });
  try {
    return JSON.parse(text) as Answer;
  } catch (cause) {
    const detail = `an answer with status ${response.status} that is not JSON`;
    throw new ForklineError(response.status, 'unexpected-answer', { detail }, { cause });
  }
};

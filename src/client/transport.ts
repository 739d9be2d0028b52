import { answerIn } from './answer.js';
import { bothSignals } from './both-signals.js';
import type { WebSocketConstructor } from './feed-socket.js';
import { errorIn, isAbort, unreachable } from './forkline-error.js';
import { newIdempotencyKey } from './idempotency-key.js';
import { type LatestPosition, laterOf } from './latest-position.js';
import type { Position } from './types.js';
import { untilServed } from './until-served.js';

export type ClientOptions = Readonly<{
  /** Where Forkline listens, such as `http://127.0.0.1:4400`; may have a path that comes before `/v1`. */
  url: string;
  /** A JWT or an API key. */
  token?: string;
  /** Who is calling, for a server without authentication; `local` by default. */
  userId?: string;
  /**
   * For how long a call comes back to a server that cannot be reached or answers 503, in milliseconds:
   * 10,000 by default. With 0 it is made once, and writes are given no key of the client's.
   */
  retryForMs?: number;
  /** Instead of the global `fetch`, or of Node's own client where there is Node. */
  fetch?: typeof fetch;
  /** Instead of the global `WebSocket`, or of the package `ws` where there is Node. */
  WebSocket?: WebSocketConstructor;
}>;

export type ReadOptions = Readonly<{
  /** Waits until the read model has seen this position, such as that of a write. `consistent` does it by itself. */
  after?: Position;
  signal?: AbortSignal;
}>;

export type WriteOptions = Readonly<{
  /**
   * Makes it safe to send the same write again: within 24 h it is carried out once. The client makes
   * one for each call, so this is for a write that a program may repeat by another call.
   */
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
  /** Whether it may be sent again though it may have been carried out; false by default. */
  isRepeatable?: boolean;
}>;

type WholeCall = Omit<Call, 'body'> & Readonly<{ body?: string }>;

export type WriteCall = Readonly<{
  query?: Query;
  /** Is not sent again when its answer is lost, and has no key of the client's. */
  once?: boolean;
  /** May be sent again as it is: it has no key of the client's. */
  isRepeatable?: boolean;
}>;

/**
 * Sends requests and takes answers. Everything throws ForklineError for what is not a success. What
 * may pass is sent again, as untilServed says.
 */
export type Transport = Readonly<{
  send(method: string, path: string, call?: Call): Promise<Response>;
  /** Reads what takes no `after`. */
  get<Answer>(path: string, query?: Query, options?: Pick<ReadOptions, 'signal'>): Promise<Answer>;
  read<Answer>(path: string, query?: Query, options?: ReadOptions): Promise<Answer>;
  write<Answer>(
    method: string,
    path: string,
    body: unknown,
    options?: WriteOptions,
    call?: WriteCall,
  ): Promise<Answer>;
  /** Takes note of the positions in what a write answered that went out by `send`. */
  wrote(answer: unknown): void;
  /** What to send as `after`, the caller having given this. */
  after(given: Position | undefined): Position | undefined;
}>;

/** What is needed of an answer that is read as a whole. A `Response` is one. */
export type WholeAnswer = Readonly<{
  ok: boolean;
  status: number;
  url: string;
  headers: Readonly<{ get(name: string): string | null }>;
  text(): Promise<string>;
}>;

/** Sends a request whose answer is read as a whole. @throws what `fetch` throws, if not with the same words */
export type Exchange = (
  address: URL,
  init: Readonly<{
    method: string;
    headers: Readonly<Record<string, string>>;
    body?: string;
    signal?: AbortSignal;
  }>,
) => Promise<WholeAnswer>;

export type TransportSettings = Readonly<{
  /** How whole answers are asked for unless a `fetch` is given; by `fetch` by default. */
  exchange?: Exchange | undefined;
  /** Is told of what is written. */
  latest: LatestPosition;
  /** Whether to read no older than what was written. */
  isConsistent?: boolean;
  /** Aborted when calls are to be given up. */
  closing: AbortSignal;
}>;

const defaultRetryForMs = 10_000;

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

/** Talks to Forkline over HTTP. @throws TypeError when the address is not a URL */
export const httpTransport = (
  options: ClientOptions,
  { exchange, latest, isConsistent = false, closing }: TransportSettings,
): Transport => {
  const { url, fetch: send = fetch, retryForMs = defaultRetryForMs } = options;
  // A wrong address is the caller's mistake: said at once, not with the first request.
  addressOf(url, '');

  const callers = callerHeaders(options);
  const whole = options.fetch ?? exchange ?? fetch;

  const heading = (method: string, { headers, signal }: Call) => ({
    method,
    headers: { accept: 'application/json', ...callers, ...headers },
    ...(signal && { signal }),
  });

  const successOf = async <Answer extends WholeAnswer>(
    answer: Promise<Answer>,
    signal: AbortSignal | undefined,
  ): Promise<Answer> => {
    const response = await answer.catch((error: unknown) => {
      throw signal?.aborted || isAbort(error) ? error : unreachable(url, error);
    });
    if (!response.ok) throw await errorIn(response);
    return response;
  };

  const sendOnce = (method: string, pathname: string, call: Call): Promise<Response> => {
    const { query, body, signal } = call;
    const init = {
      ...heading(method, call),
      ...(body !== undefined && { body }),
      // A body that is a stream is sent as it comes; fetch wants that said.
      ...(body instanceof ReadableStream && { duplex: 'half' as const }),
    };
    return successOf(send(addressOf(url, pathname, query), init), signal);
  };

  const exchangeOnce = async <Answer>(
    method: string,
    pathname: string,
    { body, ...call }: WholeCall,
  ): Promise<Answer> => {
    const init = { ...heading(method, call), ...(body !== undefined && { body }) };
    const { query, signal } = call;
    return answerIn(await successOf(whole(addressOf(url, pathname, query), init), signal));
  };

  const persist = async <Answer>(call: () => Promise<Answer>, { signal, ...how }: Call) => {
    closing.throwIfAborted();
    // A stream can be sent once only.
    if (how.body instanceof ReadableStream) return call();
    const waiting = bothSignals(closing, signal);
    const { isRepeatable = false } = how;
    const awaitsModel = isConsistent;
    try {
      const persistence = { retryForMs, isRepeatable, awaitsModel, signal: waiting.signal };
      return await untilServed(call, persistence);
    } finally {
      waiting.release();
    }
  };

  const ask = <Answer>(method: string, pathname: string, call: WholeCall): Promise<Answer> =>
    persist(() => exchangeOnce<Answer>(method, pathname, call), call);

  const transport: Transport = {
    wrote: latest.seeAnswer,

    after: (given) => (isConsistent ? laterOf(given, latest.get()) : given),

    send: (method, pathname, call = {}) => persist(() => sendOnce(method, pathname, call), call),

    get: (pathname, query, { signal } = {}) =>
      ask('GET', pathname, { ...(query && { query }), signal, isRepeatable: true }),

    read: (pathname, query, { after, signal } = {}) =>
      ask('GET', pathname, {
        query: { ...query, after: transport.after(after) },
        signal,
        isRepeatable: true,
      }),

    write: async <Answer>(
      method: string,
      pathname: string,
      content: unknown,
      { idempotencyKey, ifMatch, signal }: WriteOptions = {},
      { query, once = false, isRepeatable = false }: WriteCall = {},
    ) => {
      const made = once || isRepeatable || retryForMs === 0 ? undefined : newIdempotencyKey();
      const key = idempotencyKey ?? made;
      const answer = await ask<Answer>(method, pathname, {
        headers: {
          ...(content !== undefined && { 'content-type': 'application/json' }),
          ...(key !== undefined && { 'idempotency-key': key }),
          ...(ifMatch !== undefined && { 'if-match': `"${ifMatch}"` }),
        },
        ...(content !== undefined && { body: JSON.stringify(content) }),
        ...(query && { query }),
        signal,
        isRepeatable: isRepeatable || (!once && key !== undefined),
      });
      latest.seeAnswer(answer);
      return answer;
    },
  };
  return transport;
};

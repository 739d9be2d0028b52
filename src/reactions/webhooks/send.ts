import { type ClientRequest, type IncomingMessage, request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { addressRefusal } from '../../domain/webhook-address.js';
import { AddressRefused, guardedLookup } from './guarded-lookup.js';

/** What is sent where. */
export type Posting = Readonly<{
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string;
}>;

/** What came back, or why nothing did. */
export type Response =
  | Readonly<{ status: number; retryAfter: string | undefined; excerpt: string }>
  | Readonly<{ error: string }>;

/** Posts once. Never throws for what the other side does; throws when the signal aborts. */
export type Send = (posting: Posting, signal: AbortSignal) => Promise<Response>;

export type SendOptions = Readonly<{
  allowPrivate: boolean;
  /** For the whole attempt: looking up, connecting, sending, and reading the answer. */
  timeoutMs: number;
}>;

/** How much of an answer is kept, in bytes. */
const excerptBytes = 1_024;

/**
 * Posts over HTTP(S), on a connection of its own: an answer of 3xx is an answer and is not followed,
 * no proxy is asked, and unless private addresses are allowed, only public ones are connected to.
 */
export const sender = ({ allowPrivate, timeoutMs }: SendOptions): Send => {
  const lookup = guardedLookup(allowPrivate);
  return async ({ url, headers, body }, signal) => {
    signal.throwIfAborted();
    const target = new URL(url);
    // A literal address is never looked up: it is checked here.
    const refusal = addressRefusal(target, allowPrivate);
    if (refusal !== undefined) return { error: `the URL ${refusal}` };
    const request = (target.protocol === 'https:' ? overHttps : overHttp)(target, {
      method: 'POST',
      agent: false,
      headers: { ...headers, 'content-length': `${Buffer.byteLength(body)}` },
      lookup,
    });
    const ended = new AbortController();
    try {
      return await Promise.race([
        answerTo(request, body, signal),
        delay(
          timeoutMs,
          { error: `no answer within ${timeoutMs / 1000} s` },
          { signal: ended.signal },
        ),
      ]);
    } finally {
      ended.abort();
      request.destroy();
    }
  };
};

const answerTo = (request: ClientRequest, body: string, signal: AbortSignal): Promise<Response> =>
  new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    request.on('close', () => signal.removeEventListener('abort', onAbort));
    // Goes on listening after the answer: an error nobody listens to would end the process.
    request.on('error', (error) => resolve({ error: wordsFor(error) }));
    request.on('response', (response) => {
      excerptOf(response).then(
        (excerpt) =>
          resolve({
            status: response.statusCode ?? 0,
            retryAfter: response.headers['retry-after'],
            excerpt,
          }),
        (error: Error) => resolve({ error: wordsFor(error) }),
      );
    });
    request.end(body);
  });

/** How a body begins. What is left of it is not waited for. */
const excerptOf = async (response: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= excerptBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, excerptBytes).toString('utf8');
};

const wordsFor = (error: NodeJS.ErrnoException): string =>
  error instanceof AddressRefused || error.code === undefined
    ? error.message
    : [error.code, error.message].filter((part) => part !== '').join(': ');

import * as http from 'node:http';
import * as https from 'node:https';
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
/** How long a connection stays open for the next posting; less than most servers wait for one. */
const idleMs = 4_000;

/**
 * Posts over HTTP(S): an answer of 3xx is an answer and is not followed, no proxy is asked, and unless
 * private addresses are allowed, only public ones are connected to. Connections that were left open
 * are used again; where the other side closes one instead of answering, the request goes out once more on
 * a new one, so that it may come twice.
 */
export const sender = ({ allowPrivate, timeoutMs }: SendOptions): Send => {
  const lookup = guardedLookup(allowPrivate);
  const kept = { keepAlive: true, timeout: idleMs, scheduling: 'lifo' } as const;
  const schemes = {
    'http:': { request: http.request, agent: new http.Agent(kept) },
    'https:': { request: https.request, agent: new https.Agent(kept) },
  };
  return async ({ url, headers, body }, signal) => {
    signal.throwIfAborted();
    const target = new URL(url);
    // A literal address is never looked up: it is checked here.
    const refusal = addressRefusal(target, allowPrivate);
    if (refusal !== undefined) return { error: `the URL ${refusal}` };
    const { request, agent } = schemes[target.protocol === 'https:' ? 'https:' : 'http:'];
    const ended = new AbortController();
    const tooLate = delay(
      timeoutMs,
      { error: `no answer within ${timeoutMs / 1000} s` },
      { signal: ended.signal },
    );
    // Ended before anyone waits for it, where there is no request to wait for.
    tooLate.catch(() => {});
    const post = async (on: http.Agent | false): Promise<Response> => {
      const posted = request(target, {
        method: 'POST',
        agent: on,
        lookup,
        headers: { ...headers, 'content-length': `${Buffer.byteLength(body)}` },
      });
      try {
        return await Promise.race([answerTo(posted, body, signal), tooLate]);
      } catch (error) {
        if (error instanceof ClosedBefore) return await post(false);
        throw error;
      } finally {
        posted.destroy();
      }
    };
    try {
      return await post(agent);
    } finally {
      ended.abort();
    }
  };
};

/** A connection that was left open had been closed by the other side when it was used again. */
class ClosedBefore extends Error {
  override readonly name = 'ClosedBefore';
}

const closings: ReadonlySet<string | undefined> = new Set(['ECONNRESET', 'EPIPE']);

/** @throws ClosedBefore, and why the signal aborts */
const answerTo = (
  request: http.ClientRequest,
  body: string,
  signal: AbortSignal,
): Promise<Response> =>
  new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    request.on('close', () => signal.removeEventListener('abort', onAbort));
    // Goes on listening after the answer: an error nobody listens to would end the process.
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (request.reusedSocket && closings.has(error.code)) reject(new ClosedBefore());
      else resolve({ error: wordsFor(error) });
    });
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
const excerptOf = async (response: http.IncomingMessage): Promise<string> => {
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

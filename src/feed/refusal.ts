import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { v7 as newId } from 'uuid';
import { type FeedProblemCode, feedProblems } from '../feed-problems.js';

/** Why a request is turned down: for a reason that the feed knows, or one that says itself what it means over HTTP. */
export type Refusal = Readonly<{
  detail: string;
  /** What is malformed; of a refusal with status 400 only. */
  errors?: readonly Readonly<{ path: string; message: string }>[];
  headers?: Readonly<Record<string, string>>;
}> &
  (Readonly<{ code: FeedProblemCode }> | Readonly<{ code: string; status: number; title: string }>);

/** Turns clients away from a node that is about to stop, and has them come back in a second. */
export const stopping: Refusal = {
  code: 'stopping',
  detail: 'this server is about to stop',
  headers: { 'Retry-After': '1' },
};

/** An answer over HTTP, not yet sent. */
export type Answer = Readonly<{
  status: number;
  headers: Readonly<Record<string, string | number>>;
  body: string;
}>;

/** The problem document (RFC 9457) that turns a request down. */
export const problemAnswer = (
  request: IncomingMessage,
  refusal: Refusal,
  requestId: string = requestIdOf(request),
): Answer => {
  const { code, detail, errors, headers } = refusal;
  const { status, title } = 'status' in refusal ? refusal : feedProblems[refusal.code];
  const body = JSON.stringify({
    type: `urn:forkline:problem:${code}`,
    title,
    status,
    detail,
    instance: pathOf(request),
    code,
    requestId,
    errors,
  });
  return {
    status,
    body,
    headers: {
      'Content-Type': 'application/problem+json',
      'Content-Length': Buffer.byteLength(body),
      'X-Request-Id': requestId,
      ...headers,
    },
  };
};

/** Turns an upgrade down: answers over plain HTTP and closes. */
export const refuseUpgrade = (request: IncomingMessage, socket: Duplex, refusal: Refusal): void => {
  const { status, headers, body } = problemAnswer(request, refusal);
  const lines = Object.entries({ ...headers, Connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n`;
  socket.once('finish', () => socket.destroy());
  socket.end(head + body);
};

/** The path asked for. The query stays out: it may hold a token. */
export const pathOf = ({ url = '/' }: IncomingMessage): string => url.split('?', 1)[0] ?? url;

/** The parameters of a request's query. */
export const queryOf = ({ url = '/' }: IncomingMessage): URLSearchParams =>
  new URLSearchParams(url.slice(pathOf({ url } as IncomingMessage).length));

const requestIdOf = ({ headers }: IncomingMessage): string => {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[\x21-\x7e]{1,255}$/.test(given) ? given : newId();
};

import {
  createServer,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Socket } from 'node:net';
import { v7 } from 'uuid';
import type { Messages } from './express-messages.js';
import { malformed, Problem } from './problem.js';

/** How long a client that sends what is not read may take to read why, in milliseconds. */
const patience = 2_000;

/** A server that answers what is no request of HTTP with problem documents as well. */
export const createHttpServer = (serve: RequestListener, messages: Messages): Server => {
  // A request without Host is refused by whoever serves it: Node's own refusal says nothing.
  const server = createServer({ requireHostHeader: false, ...messages }, serve);
  const answers = new WeakMap<object, ServerResponse>();
  server.on('request', ({ socket }, response) => answers.set(socket, response));
  server.on('clientError', (error: NodeJS.ErrnoException, stream) => {
    // Those of an HTTP server are sockets.
    const socket = stream as Socket;
    const answer = answers.get(socket);
    // The request that is broken was answered already, or is while its body still comes.
    const isAnswered = answer?.headersSent && !answer.req.complete;
    const isAnswering = answer?.headersSent && !answer.writableFinished;
    if (error.code === 'ECONNRESET' || !socket.writable || isAnswering) socket.destroy();
    else if (isAnswered) socket.destroySoon();
    else refuse(socket, problemIn(error));
  });
  server.on('checkExpectation', (request, response: ServerResponse) => {
    const { status, headers, body } = answerOf(new Problem('expectation-failed'), request.url);
    response.writeHead(status, headers).end(body);
  });
  return server;
};

/** Answers and closes. What the client still sends is read, for otherwise it would not get to read the answer. */
const refuse = (socket: Socket, problem: Problem): void => {
  const { status, headers, body } = answerOf(problem);
  const lines = Object.entries({ ...headers, Connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
  const late = setTimeout(() => socket.destroy(), patience).unref();
  socket.once('close', () => clearTimeout(late));
  // In place of the parser, which has given up.
  socket.removeAllListeners('data').on('data', () => undefined);
};

const problemIn = ({ code }: NodeJS.ErrnoException): Problem => {
  if (code === 'HPE_HEADER_OVERFLOW') return new Problem('headers-too-large');
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return new Problem('too-large');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new Problem('request-timeout');
  return malformed('request', 'is not HTTP/1.1');
};

const answerOf = (problem: Problem, url = '/') => {
  const requestId = v7();
  const body = JSON.stringify(problem.document(url.split('?')[0] ?? '/', requestId));
  return {
    status: problem.status,
    body,
    headers: {
      'Content-Type': 'application/problem+json',
      'Content-Length': `${Buffer.byteLength(body)}`,
      'X-Request-Id': requestId,
    },
  };
};

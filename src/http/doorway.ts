import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { underWay } from '../memory/under-way.js';
import { nameRequest, requestIdOf } from './context.js';
import { type Messages, messagesOfNode } from './express-messages.js';
import { closeServer } from './listen.js';
import { Problem } from './problem.js';
import { createHttpServer } from './server.js';

/** The server's door: open to requests only while there is somebody to carry them out. */
export type Doorway = Readonly<{
  server: Server;
  /** What its requests and answers are made of. */
  messages: Messages;
  /** Has requests carried out from now on; before, each is answered that the server is starting. */
  open(carryOut: RequestListener): void;
  /** Says at /readyz that requests are to go elsewhere. Those that come all the same are carried out. */
  drain(): void;
  /**
   * Refuses what comes from now on, waits until what was in flight is answered, and stops listening. What
   * is still in flight after `patienceMs` is cut off.
   */
  close(patienceMs: number): Promise<void>;
}>;

type Phase = 'starting' | 'serving' | 'draining' | 'stopping';

/** How long connections that carry no request may take to end by themselves, in milliseconds. */
const goodbyeMs = 3_000;

/** Makes a server that does not listen yet. */
export const doorway = (): Doorway => {
  let phase: Phase = 'starting';
  let carryOut: RequestListener = () => undefined;
  const inFlight = underWay<ServerResponse, ServerResponse>();
  const messages = messagesOfNode();
  let onIdle = () => {};

  const server = createHttpServer((request, response) => {
    const path = pathOf(request);
    const isOpen = phase === 'serving' || (phase === 'draining' && path !== '/readyz');
    if (!isOpen) {
      nameRequest(request, response);
      if (path === '/healthz') sayAlive(response);
      else refuse(path, response, phase === 'starting' ? 'starting' : 'stopping');
      return;
    }
    inFlight.set(response, response);
    response.on('close', () => {
      inFlight.delete(response);
      if (inFlight.size() === 0) onIdle();
    });
    carryOut(request, response);
  }, messages);

  return {
    server,
    messages,
    open: (listener) => {
      carryOut = listener;
      phase = 'serving';
    },
    drain: () => {
      phase = 'draining';
    },
    close: async (patienceMs) => {
      phase = 'stopping';
      // What is being answered is the last on its connection.
      for (const response of inFlight.values())
        if (!response.headersSent) response.setHeader('Connection', 'close');
      const patience = new AbortController();
      const late = delay(patienceMs, undefined, { signal: patience.signal }).catch(() => {});
      const idle = new Promise<void>((resolve) => {
        onIdle = resolve;
        if (inFlight.size() === 0) resolve();
      });
      await Promise.race([idle, late]);
      patience.abort();
      await closeServer(server, inFlight.size() > 0 ? 0 : goodbyeMs);
    },
  };
};

const sayAlive = (response: ServerResponse): void => {
  response.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8' });
  response.end('{"status":"ok"}');
};

const refuse = (path: string, response: ServerResponse, code: 'starting' | 'stopping'): void => {
  const problem = new Problem(code);
  response.writeHead(problem.status, {
    'Content-Type': 'application/problem+json',
    'Retry-After': '1',
    ...(code === 'stopping' && { Connection: 'close' }),
  });
  response.end(JSON.stringify(problem.document(path, requestIdOf(response))));
};

const pathOf = ({ url = '/' }: IncomingMessage): string => url.split('?', 1)[0] ?? url;

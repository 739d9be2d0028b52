import { once } from 'node:events';
import { type IncomingMessage, request as send } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import type { Caller } from '../../src/commands/request.js';
import { keepPagesFromFeed } from '../../src/http/cross-origin.js';
import { type PagesOptions, pagesOf } from '../../src/pages.js';
import { freshStream, write } from './support/events.js';
import { type FeedServer, identifyByName, startFeedServer } from './support/feed-server.js';
import { eventually } from './support/waiting.js';

/** The rule that the program gives the feed. */
const keepingOut = (options: PagesOptions) => keepPagesFromFeed(pagesOf(options));

let server: FeedServer;
const identify = async (request: IncomingMessage): Promise<Caller | undefined> => {
  if (request.headers['x-user-id'] === 'unknowable') throw new Error('no answer');
  return identifyByName(request);
};
beforeAll(async () => {
  const keepOut = keepingOut({ origins: [], isAuthenticated: false });
  server = await startFeedServer({ identify, webSocket: { keepOut } });
});
afterAll(() => server.stop());

type Answer = Readonly<{ status: number | undefined; type: string | undefined; body: unknown }>;

type Opening = Readonly<{
  port?: number;
  path?: string;
  protocols?: string[];
  headers?: Record<string, string>;
}>;

const open = (opening: Opening): WebSocket => {
  const { port = server.port, path = '/v1/feed', protocols, headers = {} } = opening;
  return new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, { headers });
};

const textOf = async (response: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const chunk of response) text += chunk;
  return text;
};

const refused = async (opening: Opening): Promise<Answer> => {
  const socket = open(opening);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  const { statusCode: status, headers } = response;
  return { status, type: headers['content-type'], body: JSON.parse(await textOf(response)) };
};

/** Opens a WebSocket and closes it. @returns the subprotocol agreed on */
const accepted = async (opening: Opening): Promise<string> => {
  const socket = open(opening);
  await once(socket, 'open');
  socket.close();
  await once(socket, 'close');
  return socket.protocol;
};

const problem = (status: number, code: string) => ({
  status,
  type: 'application/problem+json',
  body: {
    type: `urn:forkline:problem:${code}`,
    title: expect.any(String),
    status,
    detail: expect.any(String),
    instance: '/v1/feed',
    code,
    requestId: expect.stringMatching(/.{3,}/),
  },
});

describe('opening a WebSocket', () => {
  it('is turned down with 401 when nobody knows who asks', async () => {
    expect(await refused({ headers: { 'X-User-Id': 'nobody' } })).toEqual(
      problem(401, 'unauthorized'),
    );
  });

  it('is turned down with 404 elsewhere', async () => {
    const answer = await refused({ path: '/v1/sessions?access_token=secret' });
    expect(answer).toMatchObject({ status: 404, body: { code: 'not-found' } });
    expect((answer.body as { instance: string }).instance).toBe('/v1/sessions');
  });

  it('is turned down with 503 when there is no telling who asks', async () => {
    expect(await refused({ headers: { 'X-User-Id': 'unknowable' } })).toEqual(
      problem(503, 'identification-unavailable'),
    );
  });

  it('is turned down with 400 when the handshake is no handshake', async () => {
    const headers = { Connection: 'Upgrade', Upgrade: 'websocket', 'X-Request-Id': 'my-request' };
    const request = send({ port: server.port, path: '/v1/feed', headers }).end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(400);
    expect(response.headers['x-request-id']).toBe('my-request');
    expect(JSON.parse(await textOf(response))).toMatchObject({
      code: 'bad-handshake',
      requestId: 'my-request',
    });
  });

  it('agrees on forkline.v1 when that is among those offered', async () => {
    expect(await accepted({ protocols: ['forkline.v2', 'forkline.v1'] })).toBe('forkline.v1');
  });

  it('takes a client that offers no subprotocol', async () => {
    expect(await accepted({})).toBe('');
  });

  it('is turned down with 400 when only other subprotocols are offered', async () => {
    expect(await refused({ protocols: ['mqtt', 'forkline.v2'] })).toEqual(
      expect.objectContaining({
        status: 400,
        body: expect.objectContaining({ code: 'unknown-subprotocol' }),
      }),
    );
  });

  it('takes the token from the query, unless there is one in the header', async () => {
    const stream = freshStream();
    await write(server.store, stream, 1, { owner: 'ben' });
    const seenBy = async (opening: Opening): Promise<number> => {
      const socket = open(opening);
      await once(socket, 'open');
      socket.send(
        JSON.stringify({ op: 'subscribe', id: 'a', filter: { streams: [stream] }, from: 'start' }),
      );
      const ops: string[] = [];
      for await (const [data] of messages(socket)) {
        ops.push(JSON.parse(String(data)).op);
        if (ops.at(-1) === 'caughtUp') break;
      }
      socket.close();
      await once(socket, 'close');
      return ops.filter((op) => op === 'event').length;
    };
    const path = '/v1/feed?access_token=ben';
    expect(await seenBy({ path })).toBe(1);
    expect(await seenBy({ path, headers: { Authorization: 'Bearer ann' } })).toBe(0);
  });
});

async function* messages(socket: WebSocket): AsyncGenerator<unknown[]> {
  const queue: unknown[][] = [];
  let wake: () => void = () => undefined;
  socket.on('message', (...message: unknown[]) => {
    queue.push(message);
    wake();
  });
  for (;;) {
    const next = queue.shift();
    if (next) yield next;
    else
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  }
}

const page = (origin: string, more: Record<string, string> = {}) => ({
  headers: { Origin: origin, ...more },
});

describe('where no token is needed, a page', () => {
  it('of another site is turned down, with a token or without', async () => {
    expect(await refused(page('https://evil.example'))).toEqual(problem(403, 'origin-not-allowed'));
    expect(await refused(page('null'))).toMatchObject({ status: 403 });
    expect(await refused(page('http://127.0.0.1.evil.example'))).toMatchObject({ status: 403 });
    const path = '/v1/feed?access_token=ann';
    expect(await refused({ path, ...page('https://evil.example') })).toMatchObject({ status: 403 });
  });

  it('of this machine is let in', async () => {
    expect(await accepted(page('http://localhost:5173'))).toBe('');
    expect(await accepted(page('http://127.0.0.1:4400'))).toBe('');
    expect(await accepted(page('http://[::1]:4400'))).toBe('');
  });

  it('of another site is let in by a proxy that names the user', async () => {
    expect(await accepted(page('https://app.example', { 'X-User-Id': 'ann' }))).toBe('');
  });
});

describe('where a token is needed, a page', () => {
  let strict: FeedServer;
  beforeAll(async () => {
    const identifyByToken = async ({ headers }: IncomingMessage) =>
      headers.authorization === 'Bearer good' ? { userId: 'ann', admin: false } : undefined;
    const keepOut = keepingOut({ origins: ['https://app.example'], isAuthenticated: true });
    strict = await startFeedServer({ identify: identifyByToken, webSocket: { keepOut } });
  });
  afterAll(() => strict.stop());

  it('of a site that is named is let in with one, and only then', async () => {
    const site = { port: strict.port, ...page('https://app.example') };
    expect(await accepted({ ...site, path: '/v1/feed?access_token=good' })).toBe('');
    expect(await refused(site)).toMatchObject({ status: 401 });
    const path = '/v1/feed?access_token=bad';
    expect(await refused({ ...site, path })).toMatchObject({ status: 401 });
  });

  it('of the server itself is let in with one', async () => {
    const { port } = strict;
    const path = '/v1/feed?access_token=good';
    expect(await accepted({ port, path, ...page(`http://127.0.0.1:${port}`) })).toBe('');
  });

  it('of another site is turned down, also with one', async () => {
    const { port } = strict;
    const path = '/v1/feed?access_token=good';
    for (const origin of ['https://evil.example', 'https://app.example:8443', 'null'])
      expect(await refused({ port, path, ...page(origin) })).toEqual(
        problem(403, 'origin-not-allowed'),
      );
  });
});

describe('a request that asks for another protocol', () => {
  const asking = { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AA' };

  it('is served as if it had not asked, whatever the size of its body', async () => {
    for (const size of [0, 10, 3_000_000]) {
      const headers = { ...asking, 'Content-Length': size };
      const options = { port: server.port, method: 'POST', path: '/echo', headers };
      const request = send(options).end('x'.repeat(size));
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      expect(response.statusCode).toBe(200);
      expect(response.headers['x-method']).toBe('POST');
      expect((await textOf(response)).length).toBe(size);
    }
  });

  it('leaves its connection open to the next', async () => {
    const socket = connect(server.port, '127.0.0.1');
    const get = 'GET /echo HTTP/1.1\r\nHost: localhost\r\n';
    let answers = '';
    socket.on('data', (data) => {
      answers += data;
    });
    socket.write(`${get}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n`);
    await eventually(() => answers.endsWith('0\r\n\r\n'), 'the first answer');
    socket.write(`${get}Connection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n`);
    await once(socket, 'close');
    expect(answers.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
  });
});

describe('stopping', () => {
  it('closes clients with 1001, also those that do not answer, and takes no more', async () => {
    const stopping = await startFeedServer({ webSocket: { goodbyeMs: 100 } });
    const clients = await Promise.all(['ann', 'ben'].map((user) => stopping.connect(user)));
    const [subscribed, deaf] = clients;
    await subscribed?.caughtUp('a', {});
    deaf?.socket.pause();
    await stopping.feed.stop();
    await subscribed?.until(({ closed }) => closed !== undefined);
    expect(subscribed?.closed?.code).toBe(1001);
    deaf?.socket.resume();
    await deaf?.until(({ closed }) => closed !== undefined);
    const late = new WebSocket(`ws://127.0.0.1:${stopping.port}/v1/feed`);
    const [, response] = (await once(late, 'unexpected-response')) as [unknown, IncomingMessage];
    expect(response.statusCode).toBe(503);
    response.resume();
    await stopping.stop();
  });
});

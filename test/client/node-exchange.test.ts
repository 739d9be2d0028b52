import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ForklineClient } from '../../src/client/node-client.js';
import { exchangeOverNode } from '../../src/client/node-exchange.js';
import type { WholeAnswer } from '../../src/client/transport.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Serves on a port of its own. @returns the address, and the connections that were made to it */
const serve = async (listener: RequestListener) => {
  const server = createServer(listener);
  const connections = new Set<Socket>();
  server.on('connection', (socket) => connections.add(socket));
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, connections };
};

const get = { method: 'GET', headers: {} };
const clientOf = (url: string) => new ForklineClient({ url, retryForMs: 0 });

describe('an exchange by the client of Node', () => {
  it('is what fetch would have made of it', async () => {
    const { url } = await serve(async (request, response) => {
      const { method, url: path, headers } = request;
      const sent = await text(request);
      response.writeHead(request.url === '/no' ? 409 : 201, { 'Retry-After': '7' });
      response.end(
        JSON.stringify({ method, path, type: headers['content-type'], sent, no: 'ÿ€😀' }),
      );
    });
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '"é😀"' };
    for (const path of ['/yes?a=b%20c', '/no']) {
      const address = new URL(path, url);
      const seen = async (answer: WholeAnswer) => ({
        ...{ ok: answer.ok, status: answer.status, url: answer.url, text: await answer.text() },
        headers: ['retry-after', 'x-none'].map((name) => answer.headers.get(name)),
      });
      const answer = await exchangeOverNode(address, init);
      expect(await seen(answer)).toEqual(await seen(await fetch(address, init)));
    }
  });

  it('uses a connection again', async () => {
    const { url, connections } = await serve((_, response) => response.end('{}'));
    for (let n = 0; n < 5; n++) await exchangeOverNode(new URL(url), get);
    expect(connections.size).toBe(1);
  });

  it('follows a redirection', async () => {
    const { url } = await serve((request, response) => {
      if (request.url === '/there') response.end('{"is":"there"}');
      else response.writeHead(307, { Location: '/there' }).end('elsewhere');
    });
    const answer = await exchangeOverNode(new URL('/here', url), get);
    expect(await answer.text()).toBe('{"is":"there"}');
  });

  it.each(['before there is an answer', 'in the middle of one'])(
    'ends with the reason of its signal when that is aborted %s',
    async (when) => {
      const stop = new AbortController();
      const reason = new Error('no longer wanted');
      const { url } = await serve((_, response) => {
        if (when !== 'before there is an answer') response.write('{');
        setImmediate(() => stop.abort(reason));
      });
      const { signal } = stop;
      await expect(exchangeOverNode(new URL(url), { ...get, signal })).rejects.toBe(reason);
      await expect(clientOf(url).streams.lineage('session-1', { signal })).rejects.toBe(reason);
    },
  );

  it('that breaks off, or that nobody answers, is one with a server out of reach', async () => {
    const { url } = await serve((request, response) => {
      if (request.url?.includes('half')) response.write('{"id":');
      setImmediate(() => request.socket.destroy());
    });
    const client = clientOf(url);
    for (const stream of ['session-half', 'session-none'])
      await expect(client.streams.lineage(stream)).rejects.toMatchObject({ code: 'unreachable' });
    servers[0]?.close();
    servers[0]?.closeAllConnections();
    await expect(client.streams.lineage('session-1')).rejects.toMatchObject({
      ...{ code: 'unreachable', detail: expect.stringContaining('ECONNREFUSED') },
    });
  });
});

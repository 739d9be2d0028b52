import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ForklineError } from '../../src/client/forkline-error.js';
import { ForklineClient } from '../../src/client/node-client.js';
import { untilServed } from '../../src/client/until-served.js';

// Things that stand between a client and Forkline, and never speak for it.

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const serve = async (answer: RequestListener): Promise<string> => {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

describe('talking to something other than Forkline', () => {
  it('says that nothing answers, and why', async () => {
    const url = await serve(() => {});
    closing.splice(0)[0]?.();
    await expect(
      new ForklineClient({ url, retryForMs: 0 }).sessions.get('x'),
    ).rejects.toMatchObject({
      name: 'ForklineError',
      status: 0,
      code: 'unreachable',
      detail: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('does not take the error page of a proxy for a problem document', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad Gateway</h1>');
    });
    await expect(
      new ForklineClient({ url, retryForMs: 0 }).sessions.get('x'),
    ).rejects.toMatchObject({
      status: 502,
      code: 'unexpected-answer',
    });
  });

  it('does not take a page for an answer', async () => {
    const url = await serve((_request, response) => response.end('<h1>Welcome</h1>'));
    await expect(
      new ForklineClient({ url, retryForMs: 0 }).sessions.get('x'),
    ).rejects.toMatchObject({
      status: 200,
      code: 'unexpected-answer',
    });
  });

  it('says that nothing answers when an answer breaks off', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"id":', () => response.destroy());
    });
    await expect(
      new ForklineClient({ url, retryForMs: 0 }).sessions.get('x'),
    ).rejects.toMatchObject({
      code: 'unreachable',
    });
  });

  it('leaves the error of an aborted call as it is', async () => {
    const url = await serve(() => {});
    const aborting = new AbortController();
    const call = new ForklineClient({ url, retryForMs: 0 }).sessions.get('x', {
      signal: aborting.signal,
    });
    aborting.abort();
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('the requests of the client', () => {
  it('say who calls, under the path that Forkline has behind a proxy', async () => {
    const asked: unknown[] = [];
    const url = await serve(({ url: path, headers }, response) => {
      asked.push([path, headers.authorization, headers['x-user-id']]);
      response.end('{}');
    });
    const client = new ForklineClient({ url: `${url}/forkline/`, token: 't-1', userId: 'ann' });
    await client.sessions.get('a/b?c', { after: '12' });
    expect(asked).toEqual([['/forkline/v1/sessions/a%2Fb%3Fc?after=12', 'Bearer t-1', 'ann']]);
  });

  it('go through the fetch that was given', async () => {
    const asked: string[] = [];
    const client = new ForklineClient({
      url: 'http://forkline.invalid',
      fetch: async (address) => {
        asked.push(String(address));
        return new Response('{"items":[],"next":null}');
      },
    });
    await client.executions.list({ status: 'running', limit: 5 });
    expect(asked).toEqual(['http://forkline.invalid/v1/executions?status=running&limit=5']);
  });

  it('are not made at all when the address is none', () => {
    expect(() => new ForklineClient({ url: 'forkline' })).toThrow('Invalid URL');
  });
});

describe('a server that is asked too often', () => {
  /** Refuses the first so many requests, then answers what it was sent. */
  const refusing = async (times: number, retryAfter: () => string) => {
    const bodies: string[] = [];
    const url = await serve(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      bodies.push(body);
      if (bodies.length > times) response.end('{"id":"1"}');
      else response.writeHead(429, { 'retry-after': retryAfter() }).end();
    });
    return { client: new ForklineClient({ url }), bodies };
  };

  it.each([
    ['a number of seconds', () => '0'],
    ['a date', () => new Date(Date.now() - 5_000).toUTCString()],
  ])('is asked again when it says to, with the same: %s', async (_name, retryAfter) => {
    const { client, bodies } = await refusing(2, retryAfter);
    expect(await client.sessions.create({ title: 'a' })).toEqual({ id: '1' });
    expect(bodies).toEqual(['{"title":"a"}', '{"title":"a"}', '{"title":"a"}']);
  });

  it('is not waited for longer than a minute', async () => {
    const { client, bodies } = await refusing(1, () => '61');
    await expect(client.sessions.get('x')).rejects.toMatchObject({
      ...{ status: 429, retryAfterMs: 61_000 },
    });
    expect(bodies.length).toBe(1);
  });

  it('is not sent again what can be read once only', async () => {
    const { client, bodies } = await refusing(1, () => '0');
    const once = new Blob(['{}']).stream();
    await expect(client.sessions.import(once)).rejects.toMatchObject({ status: 429 });
    expect(bodies).toEqual(['{}']);
  });

  it('is no longer waited for when the call is given up', async () => {
    const giveUp = new AbortController();
    const error = new ForklineError(429, 'rate-limited', {}, { retryAfterMs: 30_000 });
    const refused = async () => {
      // By then the pause has begun.
      setImmediate(() => giveUp.abort());
      throw error;
    };
    const { signal } = giveUp;
    const asked = untilServed(refused, { retryForMs: 0, isRepeatable: false, signal });
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('a server that is away', () => {
  type Asked = Readonly<{ key: string | undefined; body: string }>;

  /** Lets the first so many requests go without an answer, or refuses them, then answers. */
  const failing = async (
    times: number,
    refuse: RequestListener | undefined,
    retryForMs = 20_000,
  ) => {
    const asked: Asked[] = [];
    const url = await serve(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      asked.push({ key: request.headers['idempotency-key'] as string | undefined, body });
      if (asked.length > times) response.end('{"id":"1","position":"7","items":[]}');
      else if (refuse) refuse(request, response);
      else request.socket.destroy();
    });
    return { client: new ForklineClient({ url, retryForMs }), asked };
  };
  const unavailable: RequestListener = (_request, response) => {
    response.writeHead(503, { 'retry-after': '0' }).end();
  };

  it.each([
    ['breaks off', undefined],
    ['answers 503', unavailable],
  ])('is read from again when it %s', async (_how, refuse) => {
    const { client, asked } = await failing(2, refuse);
    expect(await client.sessions.get('x')).toMatchObject({ id: '1' });
    expect(asked.length).toBe(3);
  });

  it.each([
    ['breaks off', undefined],
    ['answers 503', unavailable],
  ])('is sent a write again under one key when it %s', async (_how, refuse) => {
    const { client, asked } = await failing(2, refuse);
    await client.sessions.create({ title: 'a' });
    const [first] = asked;
    expect(first).toEqual({ key: expect.stringMatching(/^[0-9a-f]{32}$/), body: '{"title":"a"}' });
    expect(asked).toEqual([first, first, first]);
    await client.sessions.create({ title: 'a' });
    expect(asked[3]?.key).not.toBe(first?.key);
  });

  it('is sent a write under the key of the caller, if there is one', async () => {
    const { client, asked } = await failing(1, undefined);
    await client.sessions.create({}, { idempotencyKey: 'k-1' });
    expect(asked.map(({ key }) => key)).toEqual(['k-1', 'k-1']);
  });

  it('is not asked for tasks again when its answer is lost, for they may have been handed out', async () => {
    const { client, asked } = await failing(1, undefined);
    const claimed = client.queues.claim('q', { workerId: 'w' });
    await expect(claimed).rejects.toMatchObject({ code: 'unreachable' });
    expect(asked.map(({ key }) => key)).toEqual([undefined]);
  });

  it('is waited for no longer than the caller likes', async () => {
    const { client, asked } = await failing(1, unavailable, 0);
    await expect(client.sessions.create()).rejects.toMatchObject({ status: 503 });
    expect(asked).toEqual([{ key: undefined, body: '{}' }]);
  });

  it('is not asked again for what failed otherwise', async () => {
    const broken: RequestListener = (_request, response) => void response.writeHead(500).end();
    const { client, asked } = await failing(1, broken);
    await expect(client.sessions.get('x')).rejects.toMatchObject({ status: 500 });
    expect(asked.length).toBe(1);
  });

  it('is no longer waited for when the client is closed, which takes no calls after', async () => {
    const refused: RequestListener = (_request, response) => {
      response
        .writeHead(503, { 'retry-after': '15' })
        .end(() => setImmediate(() => client.close()));
    };
    const { client, asked } = await failing(1, refused);
    const closed = { code: 'closed' };
    await expect(client.sessions.get('x')).rejects.toMatchObject(closed);
    await expect(client.sessions.get('x')).rejects.toMatchObject(closed);
    await expect(client.feed.subscribe().caughtUp()).rejects.toMatchObject(closed);
    expect(asked.length).toBe(1);
  });
});

describe('what the client knows to be written', () => {
  it('is asked for by its consistent reads, and by others only when they say so', async () => {
    const asked: string[] = [];
    const written = ['9', '100', '20'];
    const client = new ForklineClient({
      url: 'http://forkline.invalid',
      fetch: async (address, { method } = {}) => {
        if (method === 'GET') asked.push(new URL(String(address)).search);
        return new Response(JSON.stringify({ position: written.shift(), items: [], next: null }));
      },
    });
    const { sessions, operations, messages } = client.consistent;
    await sessions.list();
    for (let n = 0; n < 3; n += 1) await client.sessions.create();
    expect(client.position).toBe('100');
    await client.sessions.list();
    await sessions.list({ limit: 5 }, { after: '99' });
    await messages.search({ q: 'a' }, { after: '101' });
    await operations.projections();
    client.observe('90071992547409930');
    client.observe('5');
    await sessions.get('x');
    expect(asked).toEqual([
      ...['', '', '?limit=5&after=100', '?q=a&after=101', ''],
      '?after=90071992547409930',
    ]);
  });

  it('is asked for again while the read model is behind', async () => {
    let behind = 2;
    const url = await serve((_request, response) => {
      behind -= 1;
      if (behind < 0) response.end('{"id":"1"}');
      else
        response
          .writeHead(504, { 'content-type': 'application/problem+json' })
          .end('{"code":"read-model-behind"}');
    });
    const client = new ForklineClient({ url });
    expect(await client.consistent.sessions.get('x')).toEqual({ id: '1' });
    behind = 1;
    await expect(client.sessions.get('x')).rejects.toMatchObject({ status: 504 });
  });

  it('includes each thing of a write of several', async () => {
    const client = new ForklineClient({
      url: 'http://forkline.invalid',
      fetch: async () =>
        Response.json({
          items: [
            { status: 201, body: { position: '8' } },
            { status: 400, body: {} },
          ],
        }),
    });
    await client.tasks.submitMany([]);
    expect(client.position).toBe('8');
  });
});

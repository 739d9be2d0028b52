import type { RequestListener } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ForklineClient } from '../../src/client/node-client.js';
import { closeAll, serve } from './answering.js';

afterEach(closeAll);

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

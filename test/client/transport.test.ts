import { afterEach, describe, expect, it } from '@jest/globals';
import { ForklineError } from '../../src/client/forkline-error.js';
import { ForklineClient } from '../../src/client/node-client.js';
import { untilServed } from '../../src/client/until-served.js';
import { closeAll, closeFirst, serve } from './answering.js';

// Things that stand between a client and Forkline, and never speak for it.

afterEach(closeAll);

describe('talking to something other than Forkline', () => {
  it('says that nothing answers, and why', async () => {
    const url = await serve(() => {});
    closeFirst();
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
    const { sessions, operations } = new ForklineClient({ url, retryForMs: 0 });
    const unexpected = { name: 'ForklineError', status: 200, code: 'unexpected-answer' };
    await expect(sessions.get('x')).rejects.toMatchObject(unexpected);
    await expect(sessions.import('{}')).rejects.toMatchObject(unexpected);
    await expect(operations.readiness()).rejects.toMatchObject(unexpected);
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

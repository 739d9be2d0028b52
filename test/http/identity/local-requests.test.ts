import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { bodyOf } from '../support/making.js';
import { running } from '../support/running.js';

const server = running();

type Told = Readonly<{ status: number | undefined; code: string | undefined }>;

/** Sends headers as they are, which `fetch` does not. */
const asked = async (
  headers: Readonly<Record<string, string>>,
  path = '/v1/sessions',
  method = 'POST',
): Promise<Told> => {
  const sent = request(`${server.url()}${path}`, { method, headers });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  if (path.startsWith('/v1/feed') && response.statusCode === 200) {
    response.destroy();
    return { status: 200, code: undefined };
  }
  const { code } = JSON.parse(await text(response)) as { code?: string };
  return { status: response.statusCode, code };
};

const opened = async (headers: Readonly<Record<string, string>>, query = ''): Promise<Told> => {
  const url = `${server.url().replace('http', 'ws')}/v1/feed${query}`;
  const socket = new WebSocket(url, { headers });
  const answer = await Promise.race([
    once(socket, 'open').then(() => undefined),
    once(socket, 'unexpected-response').then(([, response]) => response as IncomingMessage),
  ]);
  if (!answer) {
    socket.close();
    return { status: 101, code: undefined };
  }
  const { code } = JSON.parse(await text(answer)) as { code: string };
  return { status: answer.statusCode, code };
};

const count = async (): Promise<number> => {
  const position = (await bodyOf(server.as().post('/v1/sessions'))).position;
  const { items } = await bodyOf(
    server.as().get<{ items: unknown[] }>(`/v1/sessions?limit=500&after=${position}`),
  );
  return items.length;
};

describe('where no token is needed', () => {
  it.each([
    ['evil.example', 403],
    ['evil.example:4400', 403],
    ['localhost.evil.example', 403],
    ['127.0.0.1.evil.example', 403],
    ['192.168.1.10', 403],
    ['@', 403],
    ['localhost', 201],
    ['localhost:1', 201],
    ['LOCALHOST', 201],
    ['127.0.0.1', 201],
    ['[::1]:4400', 201],
  ])('only requests to a local name are served: %j', async (Host, status) => {
    const code = status === 403 ? 'host-not-allowed' : undefined;
    expect(await asked({ Host })).toEqual({ status, code });
  });

  it.each([
    ['https://evil.example', 403],
    ['http://localhost.evil.example', 403],
    ['null', 403],
    ['http://localhost:5173', 201],
    ['http://127.0.0.1:4400', 201],
  ])(
    'a page of %s, which any browser may be looking at, is answered %d',
    async (Origin, status) => {
      const before = await count();
      const code = status === 403 ? 'origin-not-allowed' : undefined;
      expect(await asked({ Origin })).toEqual({ status, code });
      expect(await count()).toBe(before + (status === 403 ? 1 : 2));
    },
  );

  it('a proxy that says who asks is no page', async () => {
    const headers = { Origin: 'https://app.example', 'X-User-Id': 'ann' };
    expect(await asked(headers)).toEqual({ status: 201, code: undefined });
  });

  it('neither name nor page opens the feed, with a made-up token or without', async () => {
    for (const [headers, code] of [
      [{ Host: 'evil.example' }, 'host-not-allowed'],
      [{ Origin: 'https://evil.example' }, 'origin-not-allowed'],
    ] as const)
      for (const query of ['', '?access_token=x']) {
        expect(await opened(headers, query)).toEqual({ status: 403, code });
        expect(await asked(headers, `/v1/feed/sse${query}`, 'GET')).toEqual({ status: 403, code });
      }
    expect(await opened({ Origin: 'http://localhost:5173' })).toMatchObject({ status: 101 });
    expect(await asked({}, '/v1/feed/sse', 'GET')).toMatchObject({ status: 200 });
  });
});

import { describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import { pagesOf } from '../../src/pages.js';
import { rawRequest } from './support/raw-request.js';
import { running } from './support/running.js';

const secret = 'a secret of at least 32 characters';
const app = 'https://app.example';
const other = 'https://evil.example';

describe('a page', () => {
  const named = pagesOf({ origins: [app], isAuthenticated: true });
  const open = pagesOf({ origins: [app], isAuthenticated: false });
  const asking = (origin: string, more: Record<string, string> = {}) => ({
    headers: { host: 'forkline.example:8443', origin, ...more },
  });

  it.each([
    ['that is named', app, false],
    ['of the server, whatever speaks TLS for it', 'https://forkline.example:8443', false],
    ['of another port', 'https://forkline.example', true],
    ['of another scheme than the one named', 'http://app.example', true],
    ['of a name that goes on', 'https://app.example.evil.example', true],
    ['of this machine', 'http://localhost:5173', true],
    ['of no site', 'null', true],
  ])('is foreign or not where tokens are needed: %s', (_name, origin, isForeign) => {
    expect(named.isForeign(asking(origin))).toBe(isForeign);
  });

  it('is of the server also behind a proxy that says what it was asked for', () => {
    const forwarded = asking('https://console.example', { 'x-forwarded-host': 'console.example' });
    expect(named.isForeign(forwarded)).toBe(false);
  });

  it.each([
    ['that is named', app, false],
    ['of this machine', 'http://localhost:5173', false],
    ['of this machine', 'http://[::1]:5173', false],
    ['of a name that leads here', 'https://forkline.example:8443', true],
    ['of a name that looks like here', 'http://127.0.0.1.evil.example', true],
  ])('is foreign or not where none are needed: %s', (_name, origin, isForeign) => {
    expect(open.isForeign(asking(origin))).toBe(isForeign);
  });

  it.each([
    ['127.0.0.1:4400', false],
    ['localhost', false],
    ['[::1]:4400', false],
    ['app.example', false],
    ['evil.example:4400', true],
    ['127.0.0.1.evil.example', true],
    ['localhost:4400:1', true],
  ])('that asks for %s has the wrong server or not', (host, isMisdirected) => {
    expect(open.isMisdirected({ headers: { host } })).toBe(isMisdirected);
    expect(named.isMisdirected({ headers: { host } })).toBe(false);
  });
});

describe('where no token is needed', () => {
  const program = running();
  const ask = (method: string, headers: Record<string, string>, body?: string) =>
    rawRequest(`${program.url()}/v1/sessions`, method, headers, body);

  it('pages of other sites can do nothing, not even what needs no preflight', async () => {
    for (const [method, path, type] of [
      ['POST', '/v1/sessions', 'application/json'],
      ['POST', '/v1/sessions/import', 'text/plain'],
      ['GET', '/v1/sessions', 'text/plain'],
      ['GET', '/v1/feed/sse', 'text/plain'],
    ] as const) {
      const headers = { Origin: other, 'Content-Type': type };
      const body = method === 'POST' ? '{}' : undefined;
      const answer = await rawRequest(program.url() + path, method, headers, body);
      expect(answer.status).toBe(403);
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'origin-not-allowed' });
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  it('pages of this machine can', async () => {
    expect((await ask('POST', { Origin: 'http://localhost:5173' })).status).toBe(201);
    expect((await ask('GET', { Origin: program.url() })).status).toBe(200);
  });

  it('a name that is not of this machine leads nowhere', async () => {
    const answer = await ask('GET', { Host: 'evil.example' });
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'host-not-allowed' });
    expect((await ask('GET', { Host: 'localhost:1' })).status).toBe(200);
  });

  it('no preflight is answered', async () => {
    const headers = { Origin: 'http://localhost:5173', 'Access-Control-Request-Method': 'POST' };
    const { status, headers: fields } = await ask('OPTIONS', headers);
    expect(status).toBe(405);
    expect(fields['access-control-allow-origin']).toBeUndefined();
  });

  it('answers tell browsers to run, frame, guess and keep nothing', async () => {
    const { headers } = await ask('GET', {});
    expect(headers).toMatchObject({
      'content-security-policy':
        "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'cache-control': 'no-store',
    });
    for (const name of ['strict-transport-security', 'x-powered-by', 'x-xss-protection'])
      expect(headers[name]).toBeUndefined();
  });
});

describe('where sites are named', () => {
  const program = running({ AUTH_JWT_SECRET: secret, CORS_ORIGINS: `${app}, http://other:8080` });
  const token = () =>
    new SignJWT({})
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject('ann')
      .sign(new TextEncoder().encode(secret));
  const ask = async (method: string, headers: Record<string, string>, path = '/v1/sessions') =>
    rawRequest(program.url() + path, method, headers);

  it('their pages may ask and read, refusals too, without cookies', async () => {
    const headers = { Origin: app, Authorization: `Bearer ${await token()}` };
    const answer = await ask('POST', headers);
    expect(answer.status).toBe(201);
    expect(answer.headers['access-control-allow-origin']).toBe(app);
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
    expect(answer.headers.vary).toContain('Origin');
    const exposed = answer.headers['access-control-expose-headers']?.split(',');
    expect(exposed).toEqual(
      expect.arrayContaining([
        ...['ETag', 'Location', 'Retry-After', 'X-Request-Id', 'Idempotent-Replayed'],
        ...['RateLimit', 'RateLimit-Policy', 'RateLimit-Remaining'],
      ]),
    );
    const refused = await ask('GET', { Origin: app });
    expect(refused.status).toBe(401);
    expect(refused.headers['access-control-allow-origin']).toBe(app);
  });

  it('preflights are answered for them, also where there is nothing', async () => {
    const wanted = {
      'Access-Control-Request-Method': 'PATCH',
      'Access-Control-Request-Headers': 'authorization,if-match,idempotency-key',
    };
    for (const path of ['/v1/sessions', '/nothing']) {
      const { status, headers } = await ask('OPTIONS', { Origin: app, ...wanted }, path);
      expect(status).toBe(204);
      expect(headers['access-control-allow-origin']).toBe(app);
      expect(headers['access-control-allow-methods']).toContain('PATCH');
      const allowed = headers['access-control-allow-headers']?.toLowerCase().split(',');
      expect(allowed).toEqual(
        expect.arrayContaining(['authorization', 'if-match', 'idempotency-key', 'content-type']),
      );
    }
    const { headers } = await ask('OPTIONS', { Origin: other, ...wanted });
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect(headers.vary).toContain('Origin');
    expect((await ask('OPTIONS', { Origin: app })).status).toBe(405);
  });

  it('other sites can read nothing, and have no feed even with a token', async () => {
    const path = `/v1/feed/sse?access_token=${await token()}`;
    expect((await ask('GET', { Origin: other }, path)).status).toBe(403);
    const answer = await ask('GET', { Origin: other });
    expect(answer.status).toBe(401);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('a server can be asked for by any name', async () => {
    const headers = { Host: 'forkline.example', Authorization: `Bearer ${await token()}` };
    expect((await ask('GET', headers)).status).toBe(200);
  });
});

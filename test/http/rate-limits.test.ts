import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SignJWT } from 'jose';
import { WebSocket } from 'ws';
import { networkOf } from '../../src/http/count-request.js';
import { endpointsWithOtherLimits, limitOf } from '../../src/http/limit-of.js';
import { type Counted, rateLimits } from '../../src/http/rate-limits.js';
import { routesOf } from '../../src/http/routes.js';
import type { Services } from '../../src/http/services.js';
import type { Reply } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
import { running } from './support/running.js';

const secret = 'a secret of at least 32 characters';
const tokenOf = (user: string) =>
  new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(user)
    .sign(new TextEncoder().encode(secret));

const none = { reads: 0, writes: 0, work: 0, bulk: 0, feed: 0, unauthenticated: 0 };

describe('what a request counts as', () => {
  const routes = routesOf({} as Services);

  it('is known of endpoints that there are', () => {
    const endpoints = routes.map(({ method, path }) => `${method} ${path}`);
    expect(endpointsWithOtherLimits.filter((name) => !endpoints.includes(name))).toEqual([]);
  });

  it('is a read for every GET of a read model, and never for what writes', () => {
    for (const route of routes) {
      const isRead = limitOf(route) === 'reads';
      if (isRead) expect(route.method).toBe('get');
      if (route.method === 'get') expect(['reads', 'bulk', 'feed']).toContain(limitOf(route));
    }
    expect(limitOf({ method: 'post', path: '/v1/sessions' })).toBe('writes');
    expect(limitOf({ method: 'post', path: '/v1/queues/:queue/claim' })).toBe('work');
  });
});

describe('counting', () => {
  it('lets so many requests through and not one more, each caller for itself', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.constantFrom('ann', 'bob', 'eve'), { maxLength: 80 }),
        async (quota, callers) => {
          const limits = rateLimits({ ...none, reads: quota / 10 });
          const seen = new Map<string, number>();
          for (const caller of callers) {
            const before = seen.get(caller) ?? 0;
            seen.set(caller, before + 1);
            expect(await limits.count('reads', caller)).toEqual({
              ...{ name: 'reads', quota, remaining: Math.max(0, quota - before - 1) },
              isOver: before >= quota,
              resetSeconds: expect.any(Number),
            });
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('has no limit where that is 0, and keeps limits apart', async () => {
    const limits = rateLimits({ ...none, writes: 0.1 });
    expect(await limits.count('reads', 'ann')).toBeUndefined();
    expect(await limits.count('writes', 'ann')).toMatchObject({ isOver: false });
    expect(await limits.count('writes', 'ann')).toMatchObject({ isOver: true });
    expect(await limits.count('work', 'ann')).toBeUndefined();
  });

  it('remembers 50,000 callers and forgets who was not seen for longest', async () => {
    const limits = rateLimits({ ...none, reads: 0.2 });
    const remaining = async (who: string) =>
      ((await limits.count('reads', who)) as Counted).remaining;
    expect([await remaining('ann'), await remaining('bob')]).toEqual([1, 1]);
    for (let n = 0; n < 49_999; n += 1) await limits.count('reads', `caller ${n}`);
    expect([await remaining('bob'), await remaining('ann')]).toEqual([0, 1]);
  });

  it('is by address, and by network of 64 bits for IPv6', () => {
    expect(networkOf('192.0.2.7')).toBe('192.0.2.7');
    expect(networkOf('::ffff:192.0.2.7')).toBe('192.0.2.7');
    expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe(networkOf('2001:db8:1:2:ffff::1'));
    expect(networkOf('2001:db8:1:2::1')).not.toBe(networkOf('2001:db8:1:3::1'));
    expect(networkOf('fe80::1%eth0')).toBe(networkOf('fe80::2%eth0'));
    expect(networkOf('')).toBe('');
  });
});

describe('too many requests', () => {
  const program = running({
    ...{ AUTH_JWT_SECRET: secret, RATE_LIMIT_READS: '0.3', RATE_LIMIT_WRITES: '0.2' },
    ...{ RATE_LIMIT_FEED: '0.1', RATE_LIMIT_UNAUTHENTICATED: '0.4' },
  });
  const as = async (user: string) => program.bearing(await tokenOf(user));
  const standing = ({ headers }: Reply<unknown>) =>
    ['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Policy'].map((name) => headers.get(name));

  it('are refused with when to come back, and before anything is done', async () => {
    const ann = await as('ann');
    const first = await ann.get('/v1/sessions');
    expect(first.status).toBe(200);
    expect(standing(first)).toEqual(['3', '2', '"reads";q=3;w=10']);
    expect(first.headers.get('RateLimit')).toMatch(/^"reads";r=2;t=\d+$/);
    expect(first.headers.get('Retry-After')).toBeNull();
    // What is refused for another reason counts as well.
    expect((await ann.get('/v1/sessions?limit=0')).status).toBe(400);
    expect((await ann.get('/v1/sessions/none')).status).toBe(400);
    const refused = await ann.get('/v1/sessions');
    expectProblem(refused, 'rate-limited', 429);
    expect(standing(refused)).toEqual(['3', '0', '"reads";q=3;w=10']);
    const seconds = Number(refused.headers.get('Retry-After'));
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(seconds).toBeLessThanOrEqual(10);
    expect(refused.headers.get('RateLimit-Reset')).toBe(`${seconds}`);
  });

  it('of one caller, or of one sort, leave the others alone', async () => {
    const [bob, eve] = [await as('bob'), await as('eve')];
    const statuses: number[] = [];
    for (let n = 0; n < 3; n += 1) statuses.push((await bob.post('/v1/sessions', {})).status);
    expect(statuses).toEqual([201, 201, 429]);
    expect((await bob.get('/v1/sessions')).status).toBe(200);
    expect((await bob.post('/v1/queues/none/claim', { workerId: 'w' })).status).toBe(200);
    expect((await eve.post('/v1/sessions', {})).status).toBe(201);
  });

  it('with the same idempotency key are not taken for the answer', async () => {
    const cleo = await as('cleo');
    for (let n = 0; n < 2; n += 1) await cleo.post('/v1/sessions', {});
    const key = { 'Idempotency-Key': 'once' };
    expectProblem(await cleo.post('/v1/sessions', {}, key), 'rate-limited', 429);
  });

  it('for WebSockets are refused like others', async () => {
    const headers = { Authorization: `Bearer ${await tokenOf('dan')}` };
    const address = `${program.url().replace('http', 'ws')}/v1/feed`;
    const opened = new WebSocket(address, { headers });
    await once(opened, 'open');
    const refused = new WebSocket(address, { headers });
    const [, response] = (await once(refused, 'unexpected-response')) as [unknown, IncomingMessage];
    expect(response.statusCode).toBe(429);
    expect(response.headers).toMatchObject({
      'content-type': 'application/problem+json',
      'retry-after': expect.stringMatching(/^\d+$/),
      'ratelimit-limit': '1',
    });
    response.resume();
    const gone = once(opened, 'close');
    opened.close();
    await gone;
  });

  it('without a valid token count by address, and do not hold up those who have one', async () => {
    const nobody = program.bearing('nonsense');
    const statuses: number[] = [];
    for (let n = 0; n < 6; n += 1) statuses.push((await nobody.get('/v1/sessions')).status);
    expect(statuses).toEqual([401, 401, 401, 401, 429, 429]);
    expect((await (await as('fay')).get('/v1/sessions')).status).toBe(200);
  });

  it('are no matter for what asks whether the program is well', async () => {
    for (let n = 0; n < 10; n += 1) {
      expect((await fetch(`${program.url()}/healthz`)).status).toBe(200);
      expect((await fetch(`${program.url()}/readyz`)).status).toBe(200);
    }
  });
});

import { describe, expect, it } from '@jest/globals';
import { SignJWT, UnsecuredJWT } from 'jose';
import type { SessionView } from '../../src/queries/sessions.js';
import { expectProblem } from './support/expect-problem.js';
import { createSession, eventsOf } from './support/making.js';
import { running } from './support/running.js';

const secret = 'a secret of at least 32 characters';
const bytes = (text: string) => new TextEncoder().encode(text);
const server = running({ AUTH_JWT_SECRET: secret });

type Claims = Readonly<{ sub?: string; scope?: unknown }>;

const signed = (
  claims: Claims,
  {
    key = secret,
    alg = 'HS256',
    expires = '1h',
  }: Partial<Record<'key' | 'alg' | 'expires', string>> = {},
): Promise<string> =>
  new SignJWT({ ...claims })
    .setProtectedHeader({ alg })
    .setExpirationTime(expires)
    .sign(bytes(key));

describe('with a secret for tokens configured', () => {
  it('a token names the caller by its subject, whatever X-User-Id says', async () => {
    const ann = server.bearing(await signed({ sub: 'ann' }));
    const reply = await ann.post('/v1/sessions', {}, { 'X-User-Id': 'bob' });
    expect(reply.status).toBe(201);
    const [created] = await eventsOf(ann, reply.body.stream);
    expect(created!.metadata).toMatchObject({ userId: 'ann', ownerId: 'ann' });
  });

  it('callers are kept apart, and the scope admin sees all', async () => {
    const ann = server.bearing(await signed({ sub: 'ann' }));
    const bob = server.bearing(await signed({ sub: 'bob', scope: 'read administrate' }));
    const root = server.bearing(await signed({ sub: 'root', scope: 'read admin' }));
    const list = server.bearing(await signed({ sub: 'root', scope: ['admin'] }));
    const { id, position } = await createSession(ann);
    const path = `/v1/sessions/${id}?after=${position}`;
    expect((await ann.get<SessionView>(path)).body.userId).toBe('ann');
    expectProblem(await bob.get(path), 'session-not-found', 404);
    for (const admin of [root, list]) expect((await admin.get(path)).status).toBe(200);
    expectProblem(await ann.get('/v1/projections'), 'forbidden', 403);
    expectProblem(await bob.get('/v1/projections'), 'forbidden', 403);
    expect((await root.get('/v1/projections')).status).toBe(200);
  });

  it('a user named local is no administrator', async () => {
    const local = server.bearing(await signed({ sub: 'local' }));
    expectProblem(await local.get('/v1/projections'), 'forbidden', 403);
  });

  const refused: readonly (readonly [why: string, token: () => Promise<string> | string])[] = [
    ['expired', () => signed({ sub: 'ann' }, { expires: '-1m' })],
    ['signed with another secret', () => signed({ sub: 'ann' }, { key: `${secret}!` })],
    [
      'signed with another algorithm',
      () => signed({ sub: 'ann' }, { alg: 'HS512', key: secret.repeat(2) }),
    ],
    ['not signed', () => new UnsecuredJWT({ sub: 'ann' }).setExpirationTime('1h').encode()],
    ['without a subject', () => signed({})],
    ['with an empty subject', () => signed({ sub: '' })],
    ['with a subject of more than 200 characters', () => signed({ sub: 'x'.repeat(201) })],
    ['cut short', async () => (await signed({ sub: 'ann' })).slice(0, -2)],
    ['no token at all', () => 'nonsense'],
    ['the secret itself', () => secret.replaceAll(' ', '')],
  ];
  it.each(refused)('a token is refused: %s', async (_why, token) => {
    const reply = await server.bearing(await token()).get('/v1/sessions');
    const { detail } = expectProblem(reply, 'unauthorized', 401);
    expect(reply.headers.get('www-authenticate')).toBe('Bearer');
    expect(detail).not.toMatch(/signature|expired|jwt/i);
  });

  it('a token is refused that was changed after it was signed', async () => {
    const [head, , signature] = (await signed({ sub: 'ann' })).split('.');
    const payload = Buffer.from(JSON.stringify({ sub: 'ann', scope: 'admin' })).toString(
      'base64url',
    );
    const reply = await server.bearing(`${head}.${payload}.${signature}`).get('/v1/sessions');
    expectProblem(reply, 'unauthorized', 401);
  });

  it('nobody gets in without one, whatever else they send', async () => {
    const token = await signed({ sub: 'ann' });
    const { as, bearing } = server;
    for (const reply of [
      await as().get('/v1/sessions'),
      await as('ann').get('/v1/sessions'),
      await as().get('/v1/sessions', { Authorization: `Basic ${btoa('ann:secret')}` }),
      await as().get('/v1/sessions', { Authorization: token }),
      await as().get(`/v1/messages/search?q=x&access_token=${token}`),
      await as().post('/v1/sessions', {}),
      await as().post(`/v1/streams/${'$'}all/forks`, { at: 0 }),
      await bearing('').get('/v1/projections'),
    ])
      expectProblem(reply, 'unauthorized', 401);
  });

  it('an idempotency key is the own of each caller', async () => {
    const key = { 'Idempotency-Key': 'same' };
    const [ann, bob] = [await signed({ sub: 'ann' }), await signed({ sub: 'bob' })];
    const one = await server.bearing(ann).post('/v1/sessions', {}, key);
    const two = await server.bearing(bob).post('/v1/sessions', {}, key);
    const renewed = await signed({ sub: 'ann' }, { expires: '2h' });
    const again = await server.bearing(renewed).post('/v1/sessions', {}, key);
    expect(two.body.id).not.toBe(one.body.id);
    expect(again.body).toEqual(one.body);
  });

  it('health is open to all', async () => {
    expect((await server.as().get('/healthz')).status).toBe(200);
    expect((await server.as().get('/readyz')).status).toBe(200);
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectProblem } from '../http/support/expect-problem.js';
import { bodyOf, createSession, eventsOf } from '../http/support/making.js';
import { running } from '../http/support/running.js';
import type { Json } from '../support/api.js';
import { quick, type Registered, register, settled } from './support/hooks.js';
import { type Receiver, startReceiver, verified } from './support/receiver.js';

const program = running(quick);
const ann = program.as('ann');
const root = program.as();
let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(() => receiver.close());

type List = Readonly<{ items: readonly Json[]; next: string | null }>;
const given = `whsec_${Buffer.alloc(24, 3).toString('base64')}`;

describe('registering', () => {
  it('answers a secret of the server once, and shows it nowhere else', async () => {
    const webhook = await register(ann, receiver.at('/secret'), ['chat.*', 'task.dead_lettered']);
    const { id, stream, position, secret } = webhook;
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const shown = await bodyOf(ann.get<Json>(`/v1/webhooks/${id}?after=${position}`));
    expect(shown).toEqual({
      id,
      userId: 'ann',
      url: receiver.at('/secret'),
      topics: ['chat.*', 'task.dead_lettered'],
      status: 'active',
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
      revision: 0,
    });
    const everywhere = await Promise.all([
      ann.get(`/v1/webhooks?after=${position}`),
      ann.get(`/v1/webhooks/${id}`),
      ann.get(`/v1/streams/${stream}/events`),
      ann.get(`/v1/streams/${stream}/state`),
      ann.get(`/v1/webhooks/${id}/deliveries`),
    ]);
    for (const { status, text } of everywhere) {
      expect(status).toBe(200);
      expect(text).not.toContain(secret.slice('whsec_'.length, -1));
    }
  });

  it('takes a secret of the caller', async () => {
    const { secret } = await register(ann, receiver.at('/given'), ['chat.*'], { secret: given });
    expect(secret).toBe(given);
    await createSession(ann);
    const [call] = await receiver.arrived('/given', 1);
    verified(call!, given);
  });

  it('answers the same under the same key, secret included', async () => {
    const key = { 'Idempotency-Key': 'hook-1' };
    const body = { url: receiver.at('/key'), topics: ['task.*'] };
    const first = await ann.post<Registered>('/v1/webhooks', body, key);
    const second = await ann.post<Registered>('/v1/webhooks', body, key);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(second.body).toEqual(first.body);
    expect(await eventsOf(ann, first.body.stream)).toHaveLength(1);
  });

  it('is refused under an id that is taken', async () => {
    const { id } = await register(ann, receiver.at('/taken'), ['task.*']);
    const body = { id, url: receiver.at('/other'), topics: ['task.*'] };
    for (const api of [ann, program.as('bob')])
      expectProblem(await api.post('/v1/webhooks', body), 'webhook-already-exists', 409);
  });

  it.each([
    [{ url: 'nowhere', topics: ['chat.*'] }],
    [{ url: 'ftp://example.com/', topics: ['chat.*'] }],
    [{ url: 'https://ann:pw@example.com/', topics: ['chat.*'] }],
    [{ url: `https://example.com/${'x'.repeat(2_000)}`, topics: ['chat.*'] }],
    [{ url: 'https://example.com/' }],
    [{ url: 'https://example.com/', topics: [] }],
    [{ url: 'https://example.com/', topics: [''] }],
    [{ url: 'https://example.com/', topics: ['chat.*.created'] }],
    [{ url: 'https://example.com/', topics: ['chat.*'], secret: 'whsec_short' }],
    [{ url: 'https://example.com/', topics: ['chat.*'], secret: 'x'.repeat(40) }],
    [{ url: 'https://example.com/', topics: ['chat.*'], colour: 'red' }],
  ])('is refused when malformed: %j', async (body) => {
    expectProblem(await ann.post('/v1/webhooks', body), 'bad-request', 400);
  });
});

describe('webhooks of others', () => {
  it('are not there, but for administrators', async () => {
    const { id, stream, position } = await register(ann, receiver.at('/anns'), ['task.*']);
    const bob = program.as('bob');
    const path = `/v1/webhooks/${id}`;
    const since = '2026-01-01T00:00:00Z';
    for (const refused of [
      await bob.get(`${path}?after=${position}`),
      await bob.get(`${path}/deliveries`),
      await bob.post(`${path}/rotate-secret`),
      await bob.post(`${path}/enable`),
      await bob.post(`${path}/disable`),
      await bob.post(`${path}/resend?since=${since}`),
      await bob.post(`${path}/deliveries/msg_1/retry`),
      await bob.delete(path),
    ])
      expectProblem(refused, 'webhook-not-found', 404);
    expect((await bodyOf(bob.get<List>('/v1/webhooks'))).items).toEqual([]);
    expect(await bodyOf(root.get<Json>(path))).toMatchObject({ id, userId: 'ann' });
    const all = await bodyOf(root.get<List>('/v1/webhooks?limit=500'));
    expect(all.items.map((item) => item.id)).toContain(id);
    expectProblem(
      await ann.post(`/v1/streams/${stream}/forks`, { at: 0 }),
      'webhook-not-forkable',
      409,
    );
  });
});

it('lists webhooks and deliveries newest first, page by page', async () => {
  const carl = program.as('carl');
  const hooks = [
    await register(carl, receiver.at('/list/0'), ['chat.*']),
    await register(carl, receiver.at('/list/1'), ['task.*']),
    await register(carl, receiver.at('/list/2'), ['task.*']),
  ];
  const last = hooks[2]!;
  const first = await bodyOf(carl.get<List>(`/v1/webhooks?limit=2&after=${last.position}`));
  const rest = await bodyOf(carl.get<List>(`/v1/webhooks?limit=2&cursor=${first.next}`));
  const ids = [...first.items, ...rest.items].map(({ id }) => id);
  expect(ids).toEqual(hooks.map(({ id }) => id).reverse());
  expect(rest.next).toBeNull();

  const sessions = [
    await createSession(carl),
    await createSession(carl),
    await createSession(carl),
  ];
  await settled(carl, hooks[0]!, 'succeeded', 3);
  const path = `/v1/webhooks/${hooks[0]!.id}/deliveries?limit=2`;
  const page = await bodyOf(carl.get<List>(path));
  const next = await bodyOf(carl.get<List>(`${path}&cursor=${page.next}`));
  const deliveries = [...page.items, ...next.items];
  expect(deliveries.map(({ event }) => event.stream).sort()).toEqual(
    sessions.map(({ stream }) => stream).sort(),
  );
  const times = deliveries.map(({ createdAt }) => createdAt);
  expect(times).toEqual([...times].sort().reverse());
  expectProblem(await carl.get(`${path}&cursor=x`), 'bad-request', 400);
  expectProblem(
    await carl.post(`/v1/webhooks/${hooks[0]!.id}/deliveries/msg_none/retry`),
    'delivery-not-found',
    404,
  );
  const parked = await bodyOf(carl.get<List>(`${path}&status=parked`));
  expect(parked.items).toEqual([]);
});

it('signs with the old secret and the new one after a rotation', async () => {
  const dora = program.as('dora');
  const webhook = await register(dora, receiver.at('/rotated'));
  const rotated = await bodyOf(
    dora.post<Registered & { previousUntil: string }>(`/v1/webhooks/${webhook.id}/rotate-secret`),
  );
  expect(rotated.secret).not.toBe(webhook.secret);
  await bodyOf(dora.get(`/v1/webhooks/${webhook.id}?after=${rotated.position}`));
  await createSession(dora);
  const [call] = await receiver.arrived('/rotated', 1);
  expect(call!.headers['webhook-signature']!.split(' ')).toHaveLength(2);
  verified(call!, webhook.secret);
  verified(call!, rotated.secret);
  const [, event] = await eventsOf(dora, webhook.stream);
  expect(event).toMatchObject({
    type: 'WebhookSecretRotated',
    data: { previousSecrets: [{ until: rotated.previousUntil }] },
  });
  const hours = Date.parse(rotated.previousUntil) - Date.parse(event!.created);
  expect(Math.round(hours / 3_600_000)).toBe(24);
});

it('sends nothing more once it is removed, and forgets its secret', async () => {
  const eve = program.as('eve');
  receiver.behaves('/removed', 500);
  const webhook = await register(eve, receiver.at('/removed'));
  const witness = await register(eve, receiver.at('/witness'));
  await createSession(eve);
  await receiver.arrived('/removed', 1);
  const removed = await bodyOf(eve.delete(`/v1/webhooks/${webhook.id}`));
  const calls = receiver.callsTo('/removed').length;
  const path = `/v1/webhooks/${webhook.id}`;
  expectProblem(await eve.get(`${path}?after=${removed.position}`), 'webhook-not-found', 404);
  expectProblem(await eve.post(`${path}/enable`), 'webhook-not-found', 404);
  await createSession(eve);
  await settled(eve, witness, 'succeeded', 2);
  // One attempt may have been under way.
  expect(receiver.callsTo('/removed').length).toBeLessThanOrEqual(calls + 1);
  expect((await bodyOf(eve.delete(path))).revision).toBe(removed.revision);
});

it('tells nothing more of a session that was deleted for good', async () => {
  const fred = program.as('fred');
  receiver.behaves('/deleted', 500);
  const webhook = await register(fred, receiver.at('/deleted'));
  const session = await createSession(fred, { title: 'Very private' });
  const kept = await createSession(fred);
  await settled(fred, webhook, 'parked', 2);
  const { position } = await bodyOf(fred.delete(`/v1/sessions/${session.id}?hard=true`));
  const path = `/v1/webhooks/${webhook.id}`;
  const { items } = await bodyOf(fred.get<List>(`${path}/deliveries?after=${position}`));
  expect(new Set(items.map(({ event }) => event.stream))).toEqual(new Set([kept.stream]));
  receiver.behaves('/deleted', 200);
  const before = receiver.callsTo('/deleted').length;
  await bodyOf(fred.post(`${path}/resend?since=2026-01-01T00:00:00Z`));
  await receiver.arrived('/deleted', before + 1);
  const later = receiver.callsTo('/deleted').slice(before);
  expect(later.map(({ body }) => body).join()).not.toContain('Very private');
});

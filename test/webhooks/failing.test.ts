import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Written } from '../http/support/api.js';
import { expectProblem } from '../http/support/expect-problem.js';
import { bodyOf, createSession } from '../http/support/making.js';
import { running } from '../http/support/running.js';
import type { Json } from '../support/api.js';
import { quick, register, settled } from './support/hooks.js';
import { type Receiver, startReceiver, verified } from './support/receiver.js';

const program = running(quick);
let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(() => receiver.close());

/** The errors of a delivery's attempts. */
const errorsOf = (delivery: Json): readonly string[] =>
  delivery.attempts.map(({ error }: Json) => error);

it('gives up on an endpoint that hangs, drops connections or is not there, and parks the delivery', async () => {
  const api = program.as('ann');
  const silent = () => {};
  receiver.behaves('/hangs', silent);
  receiver.behaves('/drops', (response) => response.destroy());
  const hangs = await register(api, receiver.at('/hangs'));
  const drops = await register(api, receiver.at('/drops'));
  const absent = await register(api, 'http://127.0.0.1:1/');
  await createSession(api);
  const [hanging] = await settled(api, hangs, 'parked');
  const [dropped] = await settled(api, drops, 'parked');
  const [refused] = await settled(api, absent, 'parked');
  expect(errorsOf(hanging!)).toEqual(Array(3).fill('no answer within 1 s'));
  expect(errorsOf(dropped!)).toEqual(Array(3).fill(expect.stringContaining('ECONNRESET')));
  expect(errorsOf(refused!)).toEqual(Array(3).fill(expect.stringContaining('ECONNREFUSED')));
  expect(hanging).toMatchObject({ reason: 'every attempt failed', nextAttemptAt: null });
  expect(receiver.callsTo('/hangs')).toHaveLength(3);
});

it('does not follow redirects', async () => {
  const api = program.as('bob');
  receiver.behaves('/moved', (response) =>
    response.writeHead(307, { location: receiver.at('/inside') }).end(),
  );
  const webhook = await register(api, receiver.at('/moved'));
  await createSession(api);
  const [parked] = await settled(api, webhook, 'parked');
  expect(errorsOf(parked!)).toEqual(Array(3).fill('answered 307'));
  expect(receiver.callsTo('/inside')).toEqual([]);
});

it('stops for good at an endpoint that says it is gone, until it is enabled', async () => {
  const api = program.as('carl');
  receiver.behaves('/gone', 410);
  const webhook = await register(api, receiver.at('/gone'));
  await createSession(api);
  const [parked] = await settled(api, webhook, 'parked');
  expect(parked!.attempts).toHaveLength(1);
  const events = await bodyOf(api.get<{ items: Json[] }>(`/v1/streams/${webhook.stream}/events`));
  const last = events.items.at(-1)!;
  expect(last).toMatchObject({
    type: 'WebhookDisabled',
    data: { reason: 'the endpoint answered 410 Gone' },
    metadata: { userId: 'forkline' },
  });
  const path = `/v1/webhooks/${webhook.id}`;
  expect(await bodyOf(api.get(`${path}?after=${last.position}`))).toMatchObject({
    status: 'disabled',
    reason: 'the endpoint answered 410 Gone',
  });
  expectProblem(
    await api.post(`${path}/deliveries/${parked!.id}/retry?after=${last.position}`),
    'webhook-disabled',
    409,
  );
  await createSession(api);
  receiver.behaves('/gone', 200);
  const enabled = await bodyOf(api.post<Written>(`${path}/enable`));
  const next = await createSession(api);
  const calls = await receiver.arrived('/gone', 2);
  expect(calls[1]!.payload.data.stream).toBe(next.stream);
  const since = new Date(Date.now() - 60_000).toISOString();
  const { deliveries } = await bodyOf(
    api.post<{ deliveries: number }>(`${path}/resend?since=${since}&after=${enabled.position}`),
  );
  expect(deliveries).toBeGreaterThanOrEqual(2);
  const all = await receiver.arrived('/gone', 2 + deliveries);
  expect(new Set(all.map(({ id }) => id)).size).toBe(3);
});

it('waits as long as the endpoint asks for', async () => {
  const api = program.as('dora');
  receiver.behaves(
    '/later',
    (response) => response.writeHead(503, { 'retry-after': '2' }).end('busy'),
    200,
  );
  const webhook = await register(api, receiver.at('/later'));
  await createSession(api);
  const [first, second] = await receiver.arrived('/later', 2);
  expect(second!.at - first!.at).toBeGreaterThanOrEqual(1_900);
  expect(Number(second!.headers['webhook-timestamp'])).toBeGreaterThan(
    Number(first!.headers['webhook-timestamp']),
  );
  verified(second!, webhook.secret);
  const [delivery] = await settled(api, webhook, 'succeeded');
  expect(delivery!.attempts[0]).toMatchObject({ status: 503, response: 'busy' });
});

it('sends a parked delivery again when asked to, and a succeeded one too', async () => {
  const api = program.as('eve');
  receiver.behaves('/retried', 400);
  const webhook = await register(api, receiver.at('/retried'));
  await createSession(api);
  const [parked] = await settled(api, webhook, 'parked');
  receiver.behaves('/retried', 200);
  const retry = `/v1/webhooks/${webhook.id}/deliveries/${parked!.id}/retry`;
  expect(await bodyOf(api.post<Json>(retry))).toMatchObject({ id: parked!.id, status: 'pending' });
  await receiver.arrived('/retried', 4);
  await settled(api, webhook, 'succeeded');
  await bodyOf(api.post(retry));
  const calls = await receiver.arrived('/retried', 5);
  expect(new Set(calls.map(({ id }) => id)).size).toBe(1);
});

it('holds up no one else for an endpoint that hangs', async () => {
  const api = program.as('fred');
  receiver.behaves('/stuck', () => {});
  await register(api, receiver.at('/stuck'));
  await register(api, receiver.at('/swift'));
  for (let count = 0; count < 30; count++) await createSession(api);
  await receiver.arrived('/swift', 30);
  expect(receiver.callsTo('/stuck').length).toBeLessThan(30);
});

it('leaves an endpoint alone that keeps failing, and loses nothing by it', async () => {
  const api = program.as('gina');
  receiver.behaves('/tired', ...Array(5).fill(500), 200);
  await register(api, receiver.at('/tired'));
  for (let count = 0; count < 8; count++) await createSession(api);
  await receiver.arrived('/tired', 13);
  const calls = receiver.callsTo('/tired');
  expect(new Set(calls.map(({ payload }) => payload.data.stream)).size).toBe(8);
  // The circuit is open for a second after five failures in a row.
  expect(calls[calls.length - 1]!.at - calls[4]!.at).toBeGreaterThanOrEqual(900);
});

import { describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { guardedLookup } from '../../../src/reactions/webhooks/guarded-lookup.js';
import { retryAfterMs } from '../../../src/reactions/webhooks/retry-after.js';
import { waitBefore } from '../../../src/reactions/webhooks/schedule.js';
import { signedHeaders } from '../../../src/reactions/webhooks/sign.js';

describe('a signature', () => {
  // The vector that the libraries of Standard Webhooks are tested with.
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const message = {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    timestamp: 1614265330,
    body: '{"test": 2432232314}',
  };

  it('is that of the specification', () =>
    expect(signedHeaders(message, [secret])).toEqual({
      'webhook-id': message.id,
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    }));

  it('is made with every secret, and each verifies', () => {
    const other = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
    const timestamp = Math.floor(Date.now() / 1000);
    const headers = signedHeaders({ ...message, timestamp }, [other, secret]);
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(2);
    for (const each of [secret, other])
      expect(new Webhook(each).verify(message.body, { ...headers })).toEqual({ test: 2432232314 });
    expect(() => new Webhook(secret).verify(`${message.body} `, { ...headers })).toThrow(
      /matching/,
    );
  });
});

describe('Retry-After', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  it.each([
    ['120', 120_000],
    ['0', 0],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 60_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['99999999', 24 * 60 * 60 * 1000],
    ['Fri, 01 Jan 2100 00:00:00 GMT', 24 * 60 * 60 * 1000],
    ['soon', 0],
    ['', 0],
    [undefined, 0],
  ])('%s means %s ms', (header, ms) => expect(retryAfterMs(header, now)).toBe(ms));
});

describe('the schedule', () => {
  const schedule = [0, 5_000, 300_000];
  it('gives each attempt its wait, a little later at most', () => {
    expect(waitBefore(schedule, 1, 0, () => 0)).toBe(5_000);
    expect(waitBefore(schedule, 1, 0, () => 1)).toBe(5_500);
    expect(waitBefore(schedule, 2, 0, () => 0)).toBe(300_000);
  });
  it('ends', () => expect(waitBefore(schedule, 3)).toBeUndefined());
  it('gives way to what the endpoint asks for, when that is later', () => {
    expect(waitBefore(schedule, 1, 60_000, () => 0)).toBe(60_000);
    expect(waitBefore(schedule, 1, 1_000, () => 0)).toBe(5_000);
    expect(waitBefore(schedule, 3, 60_000)).toBeUndefined();
  });
});

describe('looking up a name', () => {
  const look = (addresses: readonly { address: string; family: number }[], options = {}) =>
    new Promise((resolve) => {
      guardedLookup(false, async () => addresses)(
        'example.com',
        options,
        (error, address, family) => resolve(error ? error.name : [address, family]),
      );
    });
  const inside = { address: '10.0.0.1', family: 4 };
  const outside = { address: '8.8.8.8', family: 4 };

  it('gives public addresses only', async () => {
    expect(await look([inside, outside], { all: true })).toEqual([[outside], undefined]);
    expect(await look([inside, outside])).toEqual(['8.8.8.8', 4]);
  });
  it('fails when there is none', async () => {
    expect(await look([inside], { all: true })).toBe('AddressRefused');
    expect(await look([{ address: '::ffff:127.0.0.1', family: 6 }])).toBe('AddressRefused');
    expect(await look([], { all: true })).toBe('AddressRefused');
  });
  it('gives any where they are allowed', async () => {
    const found = await new Promise((resolve) => {
      guardedLookup(true, async () => [inside])('inside', { all: true }, (_, addresses) =>
        resolve(addresses),
      );
    });
    expect(found).toEqual([inside]);
  });
  it('keeps to the family asked for', async () =>
    expect(await look([{ address: '2606:4700::1', family: 6 }, outside], { family: 4 })).toEqual([
      '8.8.8.8',
      4,
    ]));
  it('asks the system, and refuses what leads back to this machine', async () => {
    const found = await new Promise((resolve) => {
      guardedLookup(false)('localhost', { all: true }, (error) => resolve(error?.name));
    });
    expect(found).toBe('AddressRefused');
  });
});

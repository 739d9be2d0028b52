import { createServer, type IncomingMessage, type Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { pino } from 'pino';
import type { Caller } from '../../../src/commands/request.js';
import { identifier } from '../../../src/http/identify.js';
import {
  IssuerUnavailable,
  type PublishedKeysOptions,
} from '../../../src/http/identity/published-keys.js';
import { listen, urlOf } from '../../../src/http/listen.js';

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;

const log = pino({ level: 'silent' });
const pairs = new Map<string, Pair>();
const published = new Set<string>();
let fetches = 0;
let answers: 'keys' | 'error' | 'nonsense' = 'keys';
let issuer: Server;

beforeAll(async () => {
  for (const kid of ['old', 'new', 'third']) pairs.set(kid, await generateKeyPair('ES256'));
  issuer = createServer(async (_, response) => {
    fetches += 1;
    const keys = [...published].map(async (kid) => ({
      ...(await exportJWK(pairs.get(kid)!.publicKey)),
      ...{ kid, alg: 'ES256', use: 'sig' },
    }));
    const body = JSON.stringify({ keys: await Promise.all(keys) });
    response.writeHead(answers === 'error' ? 500 : 200).end(answers === 'nonsense' ? '<' : body);
  });
  await listen(issuer, 0, '127.0.0.1');
});
afterAll(() => {
  issuer.close();
});
beforeEach(() => {
  fetches = 0;
  answers = 'keys';
  published.clear();
  published.add('old');
});

const tokenBy = (kid: string, pair = pairs.get(kid)!): Promise<string> =>
  new SignJWT({ sub: 'ann' })
    .setProtectedHeader({ alg: 'ES256', kid })
    .setExpirationTime('1h')
    .sign(pair.privateKey);

/** Asks as the bearer of a token signed with a key. */
const asking = (options: PublishedKeysOptions = {}) => {
  const identify = identifier({ jwksUrl: urlOf(issuer), published: options }, log);
  return async (kid: string, pair?: Pair): Promise<Caller | undefined> => {
    const headers = { authorization: `Bearer ${await tokenBy(kid, pair)}` };
    return identify({ headers } as IncomingMessage);
  };
};
const ann = { userId: 'ann', admin: false };

describe('the published keys of an issuer', () => {
  it('are fetched once for many tokens at a time and after each other', async () => {
    const ask = asking();
    const all = await Promise.all(Array.from({ length: 20 }, () => ask('old')));
    expect(all).toEqual(Array(20).fill(ann));
    await ask('old');
    expect(fetches).toBe(1);
  });

  it('are fetched again for a key that is not known yet', async () => {
    const ask = asking({ cooldownMs: 0 });
    expect(await ask('old')).toEqual(ann);
    published.add('new');
    expect(await ask('new')).toEqual(ann);
    published.delete('old');
    expect(await ask('new')).toEqual(ann);
    expect(fetches).toBe(2);
  });

  it('are not fetched for each key that someone makes up', async () => {
    const ask = asking({ cooldownMs: 60_000 });
    expect(await ask('old')).toEqual(ann);
    for (let n = 0; n < 10; n++) expect(await ask('third')).toBeUndefined();
    expect(fetches).toBe(1);
  });

  it('are not what another key under the same name is', async () => {
    expect(await asking()('old', pairs.get('new'))).toBeUndefined();
  });

  it('lose a key that the issuer withdrew once they are fetched again', async () => {
    const ask = asking({ freshMs: 0, usableMs: 0, cooldownMs: 60_000 });
    expect(await ask('old')).toEqual(ann);
    published.clear();
    published.add('new');
    expect(await ask('old')).toBeUndefined();
  });

  it.each(['error', 'nonsense'] as const)(
    'leave it open who asks while the issuer answers with an %s, and are fetched when it is back',
    async (answer) => {
      const ask = asking({ retryMs: 0 });
      answers = answer;
      await expect(ask('old')).rejects.toThrow(IssuerUnavailable);
      answers = 'keys';
      expect(await ask('old')).toEqual(ann);
    },
  );

  it('are asked for no more than now and then while the issuer cannot be reached', async () => {
    const ask = asking({ retryMs: 60_000 });
    answers = 'error';
    for (let n = 0; n < 10; n++) await expect(ask('old')).rejects.toThrow(IssuerUnavailable);
    expect(fetches).toBe(1);
  });

  it('that are known go on being taken while the issuer cannot be reached', async () => {
    const ask = asking({ freshMs: 0, cooldownMs: 0, retryMs: 0 });
    expect(await ask('old')).toEqual(ann);
    answers = 'error';
    expect(await ask('old')).toEqual(ann);
    await expect(ask('new')).rejects.toThrow(IssuerUnavailable);
  });
});

import { once } from 'node:events';
import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import { WebSocket } from 'ws';
import { newApiKey } from '../../../src/http/identity/api-key.js';
import { addToKeyFile } from '../../../src/http/identity/api-key-file.js';
import { forkline } from '../../cli/cli.js';
import {
  type Program,
  removeFolder,
  startProgram,
  temporaryFolder,
} from '../../support/program.js';
import { type Api, apiOf } from '../support/api.js';
import { expectProblem } from '../support/expect-problem.js';
import { bodyOf, createSession, eventsOf } from '../support/making.js';
import { runToEnd } from '../support/run-to-end.js';

const secret = 'a secret of at least 32 characters';
const issuer = 'https://id.example/';
const audience = 'forkline';

type Made = Readonly<{ key: string; id: string }>;

let folder: string;
let file: string;
let program: Program;
let logged = '';
let closed: Promise<unknown>;
const shown: string[] = [];

const keys = (...args: readonly string[]) =>
  forkline('', ['keys', ...args, '--file', file, '--json']);
const make = async (...args: readonly string[]): Promise<Made> => {
  const made = JSON.parse((await keys('create', ...args)).out) as Made;
  shown.push(made.key);
  return made;
};
/** The same without a process of its own. */
const makeFor = async (user: string): Promise<Made> => {
  const { key, entry } = newApiKey({ ...{ user, name: '', scopes: [] }, created: now() });
  await addToKeyFile(file, entry);
  shown.push(key);
  return { key, id: entry.id };
};
const now = () => new Date().toISOString();
const bearing = (token: string): Api =>
  apiOf(() => program.url, { Authorization: `Bearer ${token}` });
const statusFor = async (token: string): Promise<number> =>
  (await bearing(token).get('/v1/sessions')).status;

/** Asking without a pause comes to the limit of requests whose caller is not known. */
const aMoment = () => setTimeout(50);
/** Asks again until the file, which is looked at every second, is known. */
const becomes = async (token: string, status: number): Promise<void> => {
  for (const until = Date.now() + 20_000; Date.now() < until; await aMoment())
    if ((await statusFor(token)) === status) return;
  throw new Error(`the answer never became ${status}`);
};

let ann: Made;
let root: Made;

beforeAll(async () => {
  folder = await temporaryFolder();
  file = join(folder, 'keys.jsonl');
  ann = await make('--user', 'ann', '--name', 'laptop');
  root = await make('--user', 'root', '--admin', '--expires', '90d');
  program = await startProgram(folder, {
    ...{ AUTH_API_KEYS_FILE: file, AUTH_JWT_SECRET: secret, LOG_LEVEL: 'trace' },
    ...{ AUTH_JWT_ISSUER: issuer, AUTH_JWT_AUDIENCE: audience },
    // Nobody listens there.
    AUTH_JWKS_URL: 'http://127.0.0.1:9/keys',
  });
  closed = once(program.process, 'close');
  program.process.stderr!.on('data', (chunk) => {
    logged += chunk;
  });
});
afterAll(async () => {
  await program.kill();
  await removeFolder(folder);
});

const signed = (claims: object, change: (token: SignJWT) => SignJWT = (token) => token) =>
  change(
    new SignJWT({ sub: 'ann', iss: issuer, aud: audience, ...claims })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('1h'),
  ).sign(new TextEncoder().encode(secret));

describe('an API key', () => {
  it('names its user, who is no administrator unless it was made so', async () => {
    const { id, stream } = await createSession(bearing(ann.key));
    const [created] = await eventsOf(bearing(ann.key), stream);
    expect(created!.metadata).toMatchObject({ userId: 'ann', ownerId: 'ann' });
    expectProblem(await bearing(ann.key).get('/v1/projections'), 'forbidden', 403);
    expect((await bearing(root.key).get('/v1/projections')).status).toBe(200);
    expect((await bearing(root.key).get(`/v1/streams/session-${id}/events`)).status).toBe(200);
  });

  it('is refused with anything about it changed', async () => {
    const other = newApiKey({ name: '', user: 'ann', scopes: [], created: now() });
    for (const wrong of [
      other.key,
      ann.key.slice(0, -1) + (ann.key.endsWith('A') ? 'B' : 'A'),
      ann.key.slice(0, -1),
      `${ann.key}A`,
      ann.key.replace(ann.id, root.id),
      ann.key.toUpperCase(),
      ann.id,
      (await readFile(file, 'utf8')).match(/"sha256":"(\w+)"/)![1]!,
    ])
      expect(await statusFor(wrong)).toBe(401);
  });

  it('that is made is taken by a server that runs, and one that is revoked is not', async () => {
    const made = await makeFor('bob');
    await becomes(made.key, 200);
    expect((await keys('revoke', made.id)).code).toBe(0);
    await becomes(made.key, 401);
    expect(await statusFor(ann.key)).toBe(200);
    expect((await keys('revoke', made.id)).errors).toBe(`error: ${file} has no key ${made.id}\n`);
  });

  it('is not taken from the time on that it expires', async () => {
    const expires = new Date(Date.now() - 1).toISOString();
    const { key, entry } = newApiKey({
      ...{ name: '', user: 'ann', scopes: [], created: expires, expires },
    });
    const last = await make('--user', 'carl', '--expires', '1h');
    await appendFile(file, `${JSON.stringify(entry)}\n`);
    const after = await makeFor('dora');
    await becomes(after.key, 200);
    expect(await statusFor(last.key)).toBe(200);
    expect(await statusFor(key)).toBe(401);
    const { out } = await forkline('', ['keys', 'list', '--file', file]);
    expect(out).toMatch(new RegExp(`${entry.id}.*has expired`));
  });

  it('stays taken while the file is broken, and what is added is known once it is mended', async () => {
    const before = await readFile(file, 'utf8');
    await writeFile(file, `${before}{"id": \n`);
    const refused = await keys('create', '--user', 'eve');
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.errors).toMatch(/^error: .*keys\.jsonl:\d+: /);
    for (const until = Date.now() + 20_000; !logged.includes('API keys cannot be read'); ) {
      if (Date.now() > until) throw new Error('nothing was logged');
      expect(await statusFor(ann.key)).toBe(200);
      await aMoment();
    }
    expect(await statusFor(ann.key)).toBe(200);
    await writeFile(file, before);
    const mended = await makeFor('eve');
    await becomes(mended.key, 200);
  });

  it('lies in a file that is its owner’s alone, as a digest', async () => {
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const content = await readFile(file, 'utf8');
    for (const key of shown) expect(content).not.toContain(key.slice(-43));
    const listed = await keys('list');
    for (const key of shown) expect(listed.out).not.toContain(key.slice(-43));
    expect(listed.out).not.toContain('sha256');
  });

  it('can be missing from a file, but the file from its place when a server starts, not', async () => {
    const { code, errors } = await runToEnd({
      ...{ HOST: '0.0.0.0', AUTH_API_KEYS_FILE: join(folder, 'nowhere') },
    });
    expect({ code, lines: errors.split('\n').length }).toEqual({ code: 1, lines: 2 });
    expect(errors).toMatch(/nowhere cannot be read: ENOENT/);
  });
});

describe('a token', () => {
  it('is taken with the issuer and the audience that are set, and not without', async () => {
    expect(await statusFor(await signed({}))).toBe(200);
    expect(await statusFor(await signed({ aud: ['other', audience] }))).toBe(200);
    for (const claims of [
      { iss: 'https://id.example' },
      { iss: undefined },
      { aud: 'other' },
      { aud: undefined },
      { sub: 7 },
    ])
      expect(await statusFor(await signed(claims))).toBe(401);
  });

  it('may be off by the few seconds that clocks differ, and no more', async () => {
    expect(await statusFor(await signed({}, (token) => token.setExpirationTime('-5s')))).toBe(200);
    expect(await statusFor(await signed({}, (token) => token.setNotBefore('5s')))).toBe(200);
    expect(await statusFor(await signed({}, (token) => token.setExpirationTime('-15s')))).toBe(401);
    expect(await statusFor(await signed({}, (token) => token.setNotBefore('1m')))).toBe(401);
  });

  it('makes an administrator by scope or scp, as words or a list', async () => {
    for (const claims of [
      { scope: 'read admin' },
      { scope: ['admin'] },
      { scp: 'admin' },
      { scp: ['read', 'admin'] },
    ]) {
      const admin = bearing(await signed(claims));
      expect((await admin.get('/v1/projections')).status).toBe(200);
    }
    const none = bearing(await signed({ scope: 'administrator', scp: { admin: true } }));
    expectProblem(await none.get('/v1/projections'), 'forbidden', 403);
  });

  it('whose issuer cannot be reached is neither taken nor refused: 503, and others go on', async () => {
    const token = await new SignJWT({ sub: 'ann' })
      .setProtectedHeader({ alg: 'ES256', kid: 'some' })
      .sign(
        (await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign']))
          .privateKey,
      );
    const reply = await bearing(token).get('/v1/sessions');
    expectProblem(reply, 'identification-unavailable', 503);
    expect(reply.headers.get('retry-after')).toBe('1');
    const socket = new WebSocket(
      `${program.url.replace('http', 'ws')}/v1/feed?access_token=${token}`,
    );
    const status = await new Promise((resolve) => {
      socket.once('unexpected-response', (_, { statusCode }) => resolve(statusCode));
    });
    expect(status).toBe(503);
    expect(await statusFor(ann.key)).toBe(200);
    shown.push(token);
  });
});

it('no token is in the log, whichever way it came', async () => {
  const made = await makeFor('fred');
  const token = await signed({ nbf: 4_000_000_000 });
  shown.push(token);
  for (const each of [made.key, token, `${made.key}x`]) {
    for (const path of ['/v1/feed', '/v1/feed/sse', '/v1/sessions', '/v1/nothing']) {
      const url = `${program.url}${path}?access_token=${each}`;
      const reply = await fetch(url, { headers: { 'X-Request-Id': 'mine' } });
      if (!reply.ok) expect(await reply.text()).not.toContain(each);
      else await reply.body!.cancel();
    }
    const refused = await bearing(each).send('POST', '/v1/sessions', { body: '{' });
    expect(refused.text).not.toContain(each);
  }
  expect(await bodyOf(bearing(ann.key).get('/v1/sessions'))).toMatchObject({ next: null });
  expect(await program.stop()).toBe(0);
  await closed;
  expect(logged).toContain('a token was refused');
  for (const token of shown) expect(logged).not.toContain(token);
  expect(logged).not.toContain('access_token');
});

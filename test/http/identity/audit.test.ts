import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import { WebSocket } from 'ws';
import type { AuditView } from '../../../src/queries/audit.js';
import {
  type Program,
  removeFolder,
  startProgram,
  temporaryFolder,
} from '../../support/program.js';
import { type Api, apiOf } from '../support/api.js';
import { expectProblem } from '../support/expect-problem.js';
import {
  bodyOf,
  createSession,
  eventsOf,
  everyItem,
  postMessage,
  saveCheckpoint,
  startExecution,
} from '../support/making.js';

const secret = 'a secret of at least 32 characters';
let program: Program;
const tokens = new Map<string, string>();

beforeAll(async () => {
  program = await startProgram(await temporaryFolder(), {
    AUTH_JWT_SECRET: secret,
    TRUST_PROXY: 'loopback,10.0.0.0/8',
  });
  for (const user of ['ann', 'bob', 'carl', 'dora', 'eve', 'root'])
    tokens.set(
      user,
      await new SignJWT({ sub: user, scope: user === 'root' ? 'admin' : '' })
        .setProtectedHeader({ alg: 'HS256' })
        .setExpirationTime('1h')
        .sign(new TextEncoder().encode(secret)),
    );
});
afterAll(async () => {
  await program.stop();
  await removeFolder(program.dataDir);
});

const as = (user: string, headers: Readonly<Record<string, string>> = {}): Api =>
  apiOf(() => program.url, { Authorization: `Bearer ${tokens.get(user)}`, ...headers });
const stranger = (headers: Readonly<Record<string, string>> = {}): Api =>
  apiOf(() => program.url, headers);

type Entries = readonly AuditView[];

const audited = async (query: string): Promise<Entries> =>
  (await bodyOf(as('root').get<{ items: Entries }>(`/v1/audit?${query}`))).items;

/** The entries of a question once they are as they should be: attempts are written once a second. */
const becoming = async (query: string, isSo: (items: Entries) => boolean): Promise<Entries> => {
  for (const until = Date.now() + 30_000; ; ) {
    const items = await audited(query);
    if (isSo(items)) return items;
    if (Date.now() > until) throw new Error(`${query}: ${JSON.stringify(items)}`);
  }
};
const some =
  (count = 1) =>
  (items: Entries) =>
    items.length >= count;
const routesIn = (items: Entries) => items.map(({ attempt }) => attempt!.route);

describe('the audit', () => {
  it('says of every event who did what, when and from where, and nothing of what it says', async () => {
    const origin = {
      'User-Agent': 'agent/1.0',
      'X-Forwarded-For': '6.6.6.6, 203.0.113.9, 10.1.2.3',
    };
    const ann = as('ann', origin);
    const { id, stream } = await createSession(ann, { title: 'confidential' });
    const { position } = await postMessage(ann, id, 'confidential');
    const items = await audited(`stream=${stream}&after=${position}`);
    expect(items.map(({ type }) => type)).toEqual(['MessagePosted', 'SessionCreated']);
    expect(items[0]).toEqual({
      ...{ position, type: 'MessagePosted', stream, revision: 1, userId: 'ann', ownerId: 'ann' },
      ...{ clientAddress: '203.0.113.9', userAgent: 'agent/1.0' },
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      requestId: expect.any(String),
    });
    expect(JSON.stringify(items)).not.toContain('confidential');
  });

  it('shows what an administrator changed of someone else’s, but not to them from where', async () => {
    const { id, stream } = await createSession(as('ann'));
    const root = as('root', { 'X-Forwarded-For': '198.51.100.7' });
    const { position } = await bodyOf(root.patch(`/v1/sessions/${id}`, { title: 'seen to' }));
    const [entry] = await audited(`stream=${stream}&userId=root&after=${position}`);
    expect(entry).toMatchObject({ type: 'SessionRenamed', userId: 'root', ownerId: 'ann' });
    expect(entry).toMatchObject({ clientAddress: '198.51.100.7' });
    const events = await eventsOf(as('ann'), stream);
    expect(events.at(-1)!.metadata).toMatchObject({ userId: 'root' });
    for (const secretly of ['198.51.100.7', 'clientAddress', 'userAgent'])
      expect(JSON.stringify(events)).not.toContain(secretly);
  });

  it('is asked by user, stream, type and time, page by page', async () => {
    const carl = as('carl');
    const { id, stream } = await createSession(carl);
    for (let n = 0; n < 5; n++) await postMessage(carl, id, `${n}`);
    const { position } = await createSession(carl);
    const whole = await audited(`userId=carl&after=${position}`);
    expect(whole).toHaveLength(7);
    const paged = await everyItem<AuditView>(as('root'), '/v1/audit?userId=carl&limit=2');
    expect(paged).toEqual(whole);
    expect(await audited(`userId=carl&type=SessionCreated`)).toHaveLength(2);
    expect(await audited(`userId=carl&stream=${stream}`)).toHaveLength(6);
    const { at } = whole[2]!;
    const since = await audited(`userId=carl&since=${at}`);
    const until = await audited(`userId=carl&until=${at}`);
    expect([...since, ...until]).toEqual(whole);
    expect(since.map((entry) => entry.at)).toContain(at);
    expect(await audited('userId=carl&since=2099-01-01T00:00:00Z')).toEqual([]);
    for (const query of ['since=yesterday', 'userId=', 'limit=0', 'what=1', 'cursor=x'])
      expectProblem(await as('root').get(`/v1/audit?${query}`), 'bad-request', 400);
  });

  it('keeps those who are turned away: without a token, on what is not theirs, by a rule', async () => {
    const { id, stream, position } = await createSession(as('ann'));
    const execution = await startExecution(as('ann'), { sessionId: id });
    const checkpoint = await saveCheckpoint(as('ann'), execution.id, 0, {});
    await bodyOf(as('root').get(`/v1/checkpoints/${checkpoint.id}?after=${checkpoint.position}`));
    const bob = as('bob', { 'User-Agent': 'curious/1' });
    await stranger({ 'X-Forwarded-For': '192.0.2.1' }).get(`/v1/sessions/${id}?after=${position}`);
    await bob.get(`/v1/sessions/${id.toUpperCase()}`);
    await bob.post(`/v1/tasks`, { type: 't', queue: 'q', sessionId: id });
    await bob.post(`/v1/tasks`, [{ type: 't', queue: 'q', executionId: execution.id }]);
    await bob.get(`/v1/checkpoints/${checkpoint.id}`);
    await bob.get(`/v1/streams/compare?a=session-${id.toUpperCase()}@0&b=${stream}`);
    await bob.get('/v1/projections');
    const kept = await becoming('type=AccessRefused&userId=bob', some(6));
    expect(
      kept
        .map(({ attempt, stream: about, ownerId }) => [
          attempt!.status,
          attempt!.route,
          about,
          ownerId,
        ])
        .toSorted(),
    ).toEqual(
      [
        [403, '/v1/projections', undefined, undefined],
        [404, '/v1/checkpoints/:id', execution.stream, 'ann'],
        [404, '/v1/sessions/:id', stream, 'ann'],
        [404, '/v1/streams/compare', stream, 'ann'],
        [404, '/v1/tasks', execution.stream, 'ann'],
        [404, '/v1/tasks', stream, 'ann'],
      ].toSorted(),
    );
    expect(kept[0]).toMatchObject({ userAgent: 'curious/1', clientAddress: '127.0.0.1' });
    const isStranger = ({ clientAddress }: AuditView) => clientAddress === '192.0.2.1';
    const items = await becoming('type=AccessRefused', (items) => items.some(isStranger));
    const [unknown] = items.filter(isStranger);
    expect(unknown).not.toHaveProperty('userId');
    expect(unknown!.attempt).toMatchObject({ status: 401, code: 'unauthorized', count: 1 });
    for (const name of [stream, `session-${id.toUpperCase()}`])
      expect(await audited(`stream=${name}&type=AccessRefused`)).toHaveLength(3);
  });

  it('keeps neither what is not there at all nor what is one’s own', async () => {
    const dora = as('dora');
    const { id, position } = await createSession(dora);
    await dora.get(`/v1/sessions/${id}/messages?at=99&after=${position}`);
    await dora.get('/v1/sessions/0c9a5c1e-6d0b-4c5e-9d5a-0d4ad3a1ffff');
    await dora.get('/v1/nothing');
    await dora.get('/v1/projections');
    const kept = await becoming('type=AccessRefused&userId=dora', some());
    expect(kept.map(({ attempt }) => attempt!.status)).toEqual([403]);
  });

  it('gathers what is tried again and again into few entries, and says how often', async () => {
    const { id, position } = await createSession(as('ann'));
    await as('eve').get(`/v1/sessions/${id}?after=${position}`);
    await becoming('type=AccessRefused&userId=eve', some());
    for (let n = 0; n < 30; n++) await as('eve').get(`/v1/sessions/${id}`);
    await as('eve').get('/v1/projections');
    const kept = await becoming('type=AccessRefused&userId=eve', some(2));
    expect(kept.map(({ attempt }) => attempt!.count)).toEqual([1, 1]);
    await program.stop();
    program = await startProgram(program.dataDir, {
      AUTH_JWT_SECRET: secret,
      TRUST_PROXY: 'loopback',
    });
    const all = await becoming('type=AccessRefused&userId=eve', some(3));
    expect(all[0]!.attempt).toMatchObject({ route: '/v1/sessions/:id', count: 30 });
  });

  it('keeps that an administrator looked at what is someone else’s', async () => {
    const { id, stream, position } = await createSession(as('ann'));
    const mine = await createSession(as('root'));
    await bodyOf(as('root').get(`/v1/sessions/${mine.id}?after=${mine.position}`));
    await bodyOf(as('root').get(`/v1/sessions/${id}?after=${position}`));
    const [entry] = await becoming(`type=OthersThingRead&stream=${stream}`, some());
    expect(entry).toMatchObject({ userId: 'root', ownerId: 'ann' });
    expect(entry!.attempt).toMatchObject({ method: 'GET', route: '/v1/sessions/:id' });
    expect(entry).not.toHaveProperty('revision');
    await bodyOf(as('root').get('/v1/messages/search?q=x'));
    await becoming('type=OthersThingRead&userId=root', (items) =>
      routesIn(items).includes('/v1/messages/search'),
    );
    expect(await audited(`type=OthersThingRead&stream=${mine.stream}`)).toEqual([]);
  });

  it('knows of the feed, over both ways', async () => {
    const open = (query: string, headers: Readonly<Record<string, string>>) =>
      new WebSocket(`${program.url.replace('http', 'ws')}/v1/feed${query}`, { headers });
    const refused = open('?access_token=secret-token', { 'User-Agent': 'listener/1' });
    const [, response] = (await once(refused, 'unexpected-response')) as [unknown, IncomingMessage];
    expect(response.statusCode).toBe(401);
    await stranger({ 'User-Agent': 'listener/2' }).get('/v1/feed/sse?access_token=secret-token');
    const opened = open(`?access_token=${tokens.get('root')}`, {});
    await once(opened, 'open');
    opened.close();
    await becoming('type=OthersThingRead&userId=root', (items) =>
      routesIn(items).includes('/v1/feed'),
    );
    const kept = await becoming('type=AccessRefused&limit=500', (items) => {
      const agents = items.map(({ userAgent }) => userAgent);
      return agents.includes('listener/1') && agents.includes('listener/2');
    });
    expect(JSON.stringify(kept)).not.toContain('secret-token');
  });

  it('still says who deleted for good what left nothing else behind', async () => {
    const { id, stream } = await createSession(as('ann'));
    await bodyOf(as('root').delete(`/v1/sessions/${id}?hard=true`));
    const entries = await becoming(`stream=${stream}&type=DeletedForGood`, some());
    expect(entries).toMatchObject([{ userId: 'root', ownerId: 'ann', attempt: { count: 1 } }]);
    const rest = await audited(`stream=${stream}`);
    expect(rest.map(({ type }) => type).filter((type) => /^Session/.test(type))).toEqual([]);
  });

  it('is for administrators, whichever way one asks', async () => {
    expectProblem(await as('ann').get('/v1/audit'), 'forbidden', 403);
    expectProblem(await stranger().get('/v1/audit'), 'unauthorized', 401);
    for (const user of ['ann', 'root']) {
      for (const path of ['events', 'state', 'steps', 'lineage'])
        expectProblem(
          await as(user).get(`/v1/streams/audit-2026-01-01-x/${path}`),
          'stream-not-found',
          404,
        );
      const told = await as(user).open(
        '/v1/feed/sse?from=start&categories=audit',
        AbortSignal.timeout(20_000),
      );
      let text = '';
      for await (const chunk of told.body!.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        if (text.includes('event: caughtUp')) break;
      }
      expect(text).not.toContain('AccessRefused');
    }
  });
});

import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import { WebSocket } from 'ws';
import { connectEventStore } from '../../../src/eventstore/db-client-event-store.js';
import type { EventStore, StoredEvent, Subscription } from '../../../src/eventstore/event-store.js';
import { createApp } from '../../../src/http/app.js';
import type { Route } from '../../../src/http/route.js';
import { routesOf } from '../../../src/http/routes.js';
import type { Services } from '../../../src/http/services.js';
import {
  type Program,
  removeFolder,
  type SharedStores,
  startProgram,
  startSharedStores,
  temporaryFolder,
} from '../../support/program.js';
import { type Api, apiOf, type Reply } from '../support/api.js';
import { expectProblem } from '../support/expect-problem.js';
import { type Case, cases } from './cases.js';
import { type Thing, things } from './things.js';

const secret = 'a secret of at least 32 characters';
// What endpoints are made of is looked at when they are called, which nobody does here.
const table = routesOf({ webhookCalls: {} } as Services);
const nameOf = ({ method, path }: Route): string => `${method} ${path}`;

let folder: string;
let stores: SharedStores;
let program: Program;
let store: EventStore;
let subscription: Subscription;
let recording: Promise<void>;
const tokens = new Map<string, string>();
const recorded: StoredEvent[] = [];

const tokenOf = (sub: string, scope: string, key = secret): Promise<string> =>
  new SignJWT({ sub, scope })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(key));

beforeAll(async () => {
  folder = await temporaryFolder();
  stores = await startSharedStores(folder);
  program = await startProgram(folder, { ...stores.settings, AUTH_JWT_SECRET: secret });
  store = connectEventStore(stores.eventStoreUrl);
  for (const user of ['ann', 'bob', 'carl', 'dora']) tokens.set(user, await tokenOf(user, 'read'));
  tokens.set('root', await tokenOf('root', 'admin'));
  tokens.set('forged', await tokenOf('root', 'admin', `${secret}!`));
  subscription = store.subscribe('start');
  recording = record(subscription);
});
afterAll(async () => {
  await program.stop();
  subscription.close();
  await recording;
  await store.close();
  await stores.stop();
  await removeFolder(folder);
});

const record = async (events: Subscription): Promise<void> => {
  for await (const event of events) if ('stream' in event) recorded.push(event);
};

/** What came of requests that were refused, besides what says that they were. */
const leftBy = async (requestId: string): Promise<readonly StoredEvent[]> => {
  const head = await store.head();
  for (const until = Date.now() + 30_000; (recorded.at(-1)?.position ?? 0) < head; ) {
    if (Date.now() > until) throw new Error('the store tells no events');
    await new Promise((resolve) => setImmediate(resolve));
  }
  const isLeft = ({ stream, metadata }: StoredEvent) =>
    !stream.startsWith('audit-') &&
    (metadata.requestId === requestId || ['bob', 'dora'].includes(metadata.userId));
  return recorded.filter(isLeft);
};

const as = (user: string, requestId?: string): Api =>
  apiOf(() => program.url, {
    Authorization: `Bearer ${tokens.get(user)}`,
    ...(requestId !== undefined && { 'X-Request-Id': requestId }),
  });
const withoutToken = (requestId: string): Api =>
  apiOf(() => program.url, { 'X-Request-Id': requestId });

let made = 0;
const make = ({ thing }: Case, owner: string): Promise<Thing> => {
  made += 1;
  return thing(as(owner), made);
};

const ask = (api: Api, route: Route, thing: Thing): Promise<Reply<unknown>> => {
  const { query, body } = cases[nameOf(route)]!;
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => thing[name]!);
  const parameters = [
    ...(query ? [query(thing)] : []),
    ...(route.reads.length > 0 ? [`after=${thing.position}`] : []),
  ];
  const url = parameters.length > 0 ? `${path}?${parameters.join('&')}` : path;
  if (route.path === '/v1/feed/sse') return untilCaughtUp(api, url);
  if (route.path === '/v1/workers' && body)
    return api.post(url, { id: `w-${made}-own`, ...(body(thing) as object) });
  if (route.method === 'get' || route.method === 'delete') return api[route.method](url);
  return api[route.method](url, body?.(thing));
};

/** Server-sent events go on for ever: what matters is over once the past has been told. */
const untilCaughtUp = async (api: Api, url: string): Promise<Reply<unknown>> => {
  const leaving = new AbortController();
  const response = await api.open(url, leaving.signal);
  const { status, headers } = response;
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes('event: caughtUp')) break;
  }
  leaving.abort();
  return { status, headers, text, body: status === 200 ? text : JSON.parse(text) };
};

const expectLetIn = (
  reply: Reply<unknown>,
  { status, tells }: Case,
  thing: Thing,
  isTold = true,
) => {
  const expected = typeof status === 'number' ? [status] : status;
  if (!expected.includes(reply.status)) throw new Error(`${reply.status}: ${reply.text}`);
  if (tells) expect(tells(reply.body as never, thing)).toBe(isTold);
};

describe('who may call what', () => {
  it('is said by every endpoint, and every endpoint is tried', () => {
    const said = table.map((route) => [nameOf(route), route.access] as const);
    const expected = Object.entries(cases).map(([name, { access }]) => [name, access] as const);
    expect(Object.fromEntries(said)).toEqual(Object.fromEntries(expected));
  });

  it('is not asked only where everyone may know the answer', () => {
    const services = { pages: { origins: [] as readonly string[] }, readiness: {} } as Services;
    const { router } = createApp(table, services);
    const served = router.stack.flatMap(({ route }) => (route ? [route.path] : []));
    const known = new Set(table.map(({ path }) => path));
    // A plain request to the feed is only told to open a WebSocket, where who asks is asked.
    const open = ['/healthz', '/readyz', '/openapi.json', '/docs', '/v1/feed'];
    expect(served.filter((path) => !known.has(path) && !open.includes(path))).toEqual([]);
  });

  it.each(table.map((route) => [nameOf(route), route.access, route] as const))(
    '%s: %s',
    async (name, access, route) => {
      const tried = cases[name];
      if (!tried) throw new Error(`${name} has no case in test/http/access/cases.ts`);
      const refused = `refused-${made}`;
      const thing = await make(tried, 'ann');

      for (const api of [withoutToken(refused), as('forged', refused)]) {
        const reply = await ask(api, route, thing);
        expectProblem(reply, 'unauthorized', 401);
        expect(reply.headers.get('www-authenticate')).toBe('Bearer');
      }

      const bob = as('bob', refused);
      if (access === 'admin') expectProblem(await ask(bob, route, thing), 'forbidden', 403);
      if (access === 'own') {
        const reply = await ask(bob, route, thing);
        const { code } = expectProblem(reply, (reply.body as { code: string }).code, 404);
        expect(code).toMatch(
          /^(session|execution|checkpoint|interrupt|task|worker|webhook)-not-found$/,
        );
        expect(reply.text).not.toMatch(/ann|confidential/);
      }
      if (access === 'caller' && !tried.mine)
        expectLetIn(await ask(as('dora', refused), route, thing), tried, thing, false);

      expect(await leftBy(refused)).toEqual([]);

      const others = tried.mine ? ['carl', 'root'] : ['root'];
      if (access === 'admin') {
        expectProblem(await ask(as('ann'), route, thing), 'forbidden', 403);
        expectLetIn(await ask(as('root'), route, thing), tried, thing);
        return;
      }
      expectLetIn(await ask(as('ann'), route, thing), tried, thing);
      for (const user of others) {
        const isRead = route.method === 'get';
        const another = isRead ? thing : await make(tried, tried.mine ? user : 'ann');
        expectLetIn(await ask(as(user), route, another), tried, another);
      }
    },
  );
});

describe('what names somebody else’s thing in its body', () => {
  it.each([
    ['/v1/executions', 'session', ({ id }: Thing) => ({ sessionId: id })],
    ['/v1/tasks', 'session', ({ id }: Thing) => ({ type: 't', queue: 'q', sessionId: id })],
    ['/v1/tasks', 'execution', ({ id }: Thing) => ({ type: 't', queue: 'q', executionId: id })],
    [
      '/v1/interrupts',
      'session',
      ({ id }: Thing) => ({ kind: 'confirmation', requestId: 'r', sessionId: id, question: '?' }),
    ],
  ] as const)('is refused by %s as if the %s were not there', async (path, kind, body) => {
    const thing = await things[kind](as('ann'));
    expectProblem(await as('bob', 'mine').post(path, body(thing)), `${kind}-not-found`, 404);
    expect(await leftBy('mine')).toEqual([]);
    expect((await as('ann').post(path, body(thing))).status).toBe(201);
    expect((await as('root').post(path, body(thing))).status).toBe(201);
  });
});

describe('the feed over a WebSocket', () => {
  const open = (token: string | undefined): WebSocket => {
    const query = token === undefined ? '' : `?access_token=${token}`;
    return new WebSocket(`${program.url.replace('http', 'ws')}/v1/feed${query}`);
  };

  it.each([['no token'], ['forged']])('turns away %s', async (user) => {
    const socket = open(tokens.get(user));
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
    expect(response.statusCode).toBe(401);
    expect(response.headers['www-authenticate']).toBe('Bearer');
  });

  it.each([
    ['ann', true],
    ['bob', false],
    ['root', true],
  ])('tells %s what is there to be seen: %p', async (user, isTold) => {
    const { stream } = await things.session(as('ann'));
    const socket = open(tokens.get(user));
    await once(socket, 'open');
    const filter = { streams: [stream] };
    socket.send(JSON.stringify({ op: 'subscribe', id: 's', filter, from: 'start' }));
    const told: string[] = [];
    await new Promise<void>((resolve) => {
      socket.on('message', (data) => {
        told.push(`${data}`);
        if (`${data}`.includes('"caughtUp"')) resolve();
      });
    });
    expect(told.join('').includes('confidential')).toBe(isTold);
    socket.close();
    await once(socket, 'close');
  });
});

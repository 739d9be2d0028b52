import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventOf } from './support/events.js';
import type { FeedClient } from './support/feed-client.js';
import { type FeedServer, startFeedServer } from './support/feed-server.js';

const CLIENTS = Number(process.env.FORKLINE_FEED_CLIENTS ?? 200);
const EVENTS = Number(process.env.FORKLINE_FEED_EVENTS ?? 1_600);
const SESSIONS = 40;
const USERS = 20;

let server: FeedServer;
beforeAll(async () => {
  server = await startFeedServer();
});
afterAll(() => server.stop());

type Written = Readonly<{
  n: number;
  owner: string;
  stream: string;
  type: string;
  session: string;
}>;

/** Events of the sessions, and of an execution of each, of some users, in turns. */
const written: readonly Written[] = Array.from({ length: EVENTS }, (_, n) => {
  const session = `${n % SESSIONS}`;
  const category = Math.floor(n / SESSIONS) % 2 === 0 ? 'session' : 'execution';
  return {
    ...{ n, session, owner: `user-${n % USERS}` },
    stream: `${category}-${session}`,
    type: n % 3 === 0 ? 'Noted' : 'Counted',
  };
});

type Want = Readonly<{ filter: object; isWanted: (event: Written) => boolean }>;

/** What the nth client asks for, and which of the events that means: hardly two ask for the same. */
const wantOf = (n: number): Want => {
  const [one, other] = [`${n % SESSIONS}`, `${Math.floor(n / SESSIONS) % SESSIONS}`];
  const wants: readonly Want[] = [
    {
      filter: { streams: [`session-${one}`, `execution-${other}`, `session-${one}`] },
      isWanted: ({ stream }) => stream === `session-${one}` || stream === `execution-${other}`,
    },
    {
      filter: { sessionId: one, types: ['Noted', `Type${n}`] },
      isWanted: ({ session, type }) => session === one && type === 'Noted',
    },
    { filter: { sessionId: other }, isWanted: ({ session }) => session === other },
    {
      filter: { categories: ['execution', `other${n}`], types: ['Noted'] },
      isWanted: ({ stream, type }) => stream.startsWith('execution-') && type === 'Noted',
    },
    {
      filter: { topics: ['session.*', 'session.noted', 'execution.noted'] },
      isWanted: ({ stream, type }) => stream.startsWith('session-') || type === 'Noted',
    },
    { filter: {}, isWanted: () => true },
  ];
  return wants[n % 7] ?? { filter: { topics: [`none.${n}`] }, isWanted: () => false };
};

/** All streams at once. @returns the events in the order in which the store has them */
const writeAll = async (): Promise<readonly Written[]> => {
  const streams = new Map<string, Written[]>();
  for (const event of written)
    streams.set(event.stream, [...(streams.get(event.stream) ?? []), event]);
  const places = [...streams].map(async ([stream, events]) => {
    const placed: { position: number; event: Written }[] = [];
    for (const event of events) {
      const { n, type, owner, session: correlationId } = event;
      const added = eventOf(type, { n }, stream, { owner, correlationId });
      const expected = placed.length === 0 ? 'none' : placed.length - 1;
      const { position } = await server.store.append(stream, [added], expected);
      placed.push({ position, event });
    }
    return placed;
  });
  const all = (await Promise.all(places)).flat();
  return all.sort((a, b) => a.position - b.position).map(({ event }) => event);
};

const numbersOf = (client: FeedClient): readonly number[] =>
  client.events('a').map(({ data }) => (data as { n: number }).n);

it('tells each of many clients with different filters exactly what it may see and asked for, whatever one does that never reads', async () => {
  const idle = await server.connect('admin');
  await idle.caughtUp('a', {});
  idle.ack('a', idle.of('a').at(-1)?.position ?? '');
  await idle.isServed();
  idle.socket.pause();

  const clients: (Want & { client: FeedClient; user: string })[] = [];
  while (clients.length < CLIENTS) {
    const some = Array.from({ length: 50 }, async (_, i) => {
      const n = clients.length + i;
      const user = n % USERS === 19 ? 'admin' : `user-${n % USERS}`;
      const want = wantOf(n);
      const client = await server.connect(user);
      await client.caughtUp('a', { filter: want.filter });
      return { client, user, ...want };
    });
    clients.push(...(await Promise.all(some)));
  }

  const inOrder = await writeAll();
  for (const { client, user, isWanted } of clients) {
    const expected = inOrder
      .filter((event) => isWanted(event) && (user === 'admin' || event.owner === user))
      .map(({ n }) => n);
    await client.told('a', expected.length);
    await client.isServed();
    expect(numbersOf(client)).toEqual(expected);
    expect(client.closed).toBeUndefined();
  }
  const told = clients.reduce((sum, { client }) => sum + client.events('a').length, 0);
  expect(told).toBeGreaterThan((CLIENTS * EVENTS) / 60);

  idle.socket.resume();
  await idle.until(({ closed }) => closed !== undefined);
  expect(idle.closed).toEqual({ code: 4008, reason: idle.events('a').at(-1)?.position });
  expect(numbersOf(idle)).toEqual(inOrder.slice(0, 1_000).map(({ n }) => n));
  await Promise.all(clients.map(({ client }) => client.end()));
}, 600_000);

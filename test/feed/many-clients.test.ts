import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { counted, eventOf } from './support/events.js';
import { type FeedServer, startFeedServer } from './support/feed-server.js';

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

/** 20 sessions and 20 executions of theirs, of 4 users, in turns. */
const written: readonly Written[] = Array.from({ length: 1_000 }, (_, n) => {
  const session = `${n % 20}`;
  const category = Math.floor(n / 20) % 2 === 0 ? 'session' : 'execution';
  return {
    ...{ n, session, owner: `user-${n % 4}` },
    stream: `${category}-${session}`,
    type: n % 3 === 0 ? 'Noted' : 'Counted',
  };
});

/** What the nth client asks for, and which of the events that means. */
const wantOf = (n: number): { filter: object; isWanted: (event: Written) => boolean } => {
  const session = `${n % 20}`;
  const wants = [
    { filter: {}, isWanted: () => true },
    {
      filter: { streams: [`session-${session}`] },
      isWanted: ({ stream }: Written) => stream === `session-${session}`,
    },
    { filter: { sessionId: session }, isWanted: (event: Written) => event.session === session },
    {
      filter: { categories: ['execution'], types: ['Noted'] },
      isWanted: ({ stream, type }: Written) => stream.startsWith('execution-') && type === 'Noted',
    },
    {
      filter: { topics: ['session.*', 'execution.noted'] },
      isWanted: ({ stream, type }: Written) => stream.startsWith('session-') || type === 'Noted',
    },
  ];
  return wants[Math.floor(n / 4) % wants.length]!;
};

it('tells each of a hundred clients with different filters exactly what it may see and asked for', async () => {
  const clients = await Promise.all(
    Array.from({ length: 100 }, async (_, n) => {
      const user = n % 10 === 9 ? 'admin' : `user-${n % 4}`;
      const client = await server.connect(user);
      const { filter, isWanted } = wantOf(n);
      await client.caughtUp('a', { filter });
      return { client, user, isWanted };
    }),
  );
  const heads = new Map<string, number>();
  for (const { n, owner, stream, type, session } of written) {
    const owned = { owner, correlationId: session };
    const event =
      type === 'Noted' ? eventOf(type, { n }, stream, owned) : counted(n, stream, owned);
    await server.store.append(stream, [event], heads.get(stream) ?? 'none');
    heads.set(stream, (heads.get(stream) ?? -1) + 1);
  }
  for (const { client, user, isWanted } of clients) {
    const expected = written
      .filter((event) => isWanted(event) && (user === 'admin' || event.owner === user))
      .map(({ n }) => n);
    const told = await client.told('a', expected.length);
    expect(told.map(({ data }) => (data as { n: number }).n)).toEqual(expected);
  }
  // Nothing more is on its way.
  await Promise.all(clients.map(({ client }) => client.isServed()));
  const count = clients.reduce((sum, { client }) => sum + client.events('a').length, 0);
  expect(count).toBeGreaterThan(5_000);
  for (const { client, user, isWanted } of clients) {
    const expected = written.filter(
      (event) => isWanted(event) && (user === 'admin' || event.owner === user),
    );
    expect(client.events('a')).toHaveLength(expected.length);
  }
  await Promise.all(clients.map(({ client }) => client.end()));
});

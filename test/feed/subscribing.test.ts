import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { counted, eventOf, freshStream, numbers, upTo, write } from './support/events.js';
import { type FeedServer, startFeedServer } from './support/feed-server.js';

let server: FeedServer;
beforeAll(async () => {
  server = await startFeedServer();
});
afterAll(() => server.stop());

describe('subscribing', () => {
  it('from now tells what happens after the answer, and nothing before', async () => {
    const stream = freshStream();
    await write(server.store, stream, 3);
    const client = await server.connect('ann');
    client.subscribe('a', { filter: { streams: [stream] }, from: 'now' });
    await client.until(() => client.of('a').some(({ op }) => op === 'subscribed'));
    await write(server.store, stream, 2, { first: 3 });
    expect(numbers(await client.told('a', 2))).toEqual([3, 4]);
    expect(client.of('a').map(({ op }) => op)).toEqual([
      'subscribed',
      'caughtUp',
      'event',
      'event',
    ]);
    await client.end();
  });

  it('from the start tells everything there is, says once that it has caught up, and goes on', async () => {
    const stream = freshStream();
    await write(server.store, stream, 120);
    const client = await server.connect('ann');
    await client.caughtUp('a', { filter: { streams: [stream] }, from: 'start' });
    expect(numbers(client.events('a'))).toEqual(upTo(120));
    const position = await write(server.store, stream, 5, { first: 120 });
    expect(numbers(await client.told('a', 125))).toEqual(upTo(125));
    expect(client.events('a').at(-1)?.position).toBe(`${position}`);
    expect(client.of('a').filter(({ op }) => op === 'caughtUp')).toHaveLength(1);
    await client.end();
  });

  it('from a position tells what comes after it', async () => {
    const stream = freshStream();
    const position = await write(server.store, stream, 7, { atOnce: 1 });
    await write(server.store, stream, 3, { first: 7 });
    const client = await server.connect('ann');
    await client.caughtUp('a', { filter: { streams: [stream] }, from: `${position}` });
    expect(numbers(client.events('a'))).toEqual([7, 8, 9]);
    await client.end();
  });

  it('tells each event as the contract has it', async () => {
    const stream = freshStream();
    const event = eventOf('MessageDeleted', { messageId: 'm-1' }, stream);
    const inFork = { ...event, metadata: { ...event.metadata, base: 40 } };
    const { position } = await server.store.append(stream, [inFork], 'none');
    const client = await server.connect('ann');
    await client.caughtUp('a', { filter: { streams: [stream] }, from: 'start' });
    const created = client.events('a')[0]?.created ?? '';
    expect(client.of('a').find(({ op }) => op === 'event')).toEqual({
      op: 'event',
      id: 'a',
      event: {
        id: event.id,
        type: 'MessageDeleted',
        topic: 'chat.message.deleted',
        stream,
        revision: 40,
        position: `${position}`,
        created,
        data: { messageId: 'm-1' },
        metadata: event.metadata,
      },
    });
    expect(new Date(created).toISOString()).toBe(created);
    await client.end();
  });

  it('tells caughtUp with a position to resume after, also when nothing matched', async () => {
    const stream = freshStream();
    const client = await server.connect('ann');
    await client.caughtUp('quiet', { filter: { streams: [stream] }, from: 'start' });
    await client.end();
    await write(server.store, stream, 4);
    const resumed = await server.connect('ann');
    const from = client.of('quiet').find(({ op }) => op === 'caughtUp')!.position!;
    expect(from).toMatch(/^\d+$/);
    await resumed.caughtUp('quiet', { filter: { streams: [stream] }, from });
    expect(numbers(resumed.events('quiet'))).toEqual(upTo(4));
    await resumed.end();
  });

  it('filters by category, type, topic and session, all of which have to match', async () => {
    const session = freshStream();
    const id = session.slice('session-'.length);
    const execution = freshStream('execution');
    const other = freshStream();
    await server.store.append(
      session,
      [counted(0, session), eventOf('SessionPaused', {}, session)],
      'none',
    );
    await server.store.append(
      execution,
      [counted(1, execution, { correlationId: id }), eventOf('Ended', { n: 2 }, execution)],
      'none',
    );
    await server.store.append(other, [counted(3, other)], 'none');
    const client = await server.connect('ann');
    const told = async (name: string, filter: object) => {
      await client.caughtUp(name, { filter, from: 'start' });
      return client.events(name).map(({ stream, type }) => `${stream} ${type}`);
    };
    expect(await told('session', { sessionId: id })).toEqual([
      `${session} Counted`,
      `${session} SessionPaused`,
      `${execution} Counted`,
    ]);
    expect(await told('both', { sessionId: id, categories: ['execution'] })).toEqual([
      `${execution} Counted`,
    ]);
    expect(await told('type', { streams: [execution, other], types: ['Counted'] })).toEqual([
      `${execution} Counted`,
      `${other} Counted`,
    ]);
    expect(await told('topic', { sessionId: id, topics: ['chat.session.updated'] })).toEqual([
      `${session} SessionPaused`,
    ]);
    expect(await told('family', { streams: [execution], topics: ['execution.*'] })).toEqual([
      `${execution} Counted`,
      `${execution} Ended`,
    ]);
    await client.end();
  });

  it('keeps several subscriptions of one connection apart, and ends the one that is asked to', async () => {
    const one = freshStream();
    const two = freshStream();
    const client = await server.connect('ann');
    await client.caughtUp('one', { filter: { streams: [one] }, from: 'now' });
    await client.caughtUp('two', { filter: { streams: [two] }, from: 'now' });
    await client.caughtUp('all', { filter: { streams: [one, two] }, from: 'now' });
    await write(server.store, one, 1);
    await write(server.store, two, 1);
    await client.told('all', 2);
    client.say({ op: 'unsubscribe', id: 'one' });
    await client.isServed();
    await write(server.store, one, 1, { first: 1 });
    await write(server.store, two, 1, { first: 1 });
    await client.told('all', 4);
    expect(client.events('one')).toHaveLength(1);
    expect(client.events('two')).toHaveLength(2);
    client.subscribe('one', { filter: { streams: [one] }, from: 'start' });
    expect(numbers(await client.told('one', 3))).toEqual([0, 0, 1]);
    await client.end();
  });

  it('takes an empty filter and from now when they are left out', async () => {
    const stream = freshStream();
    const client = await server.connect('ann');
    await client.caughtUp('a', {});
    await write(server.store, stream, 1);
    expect((await client.told('a', 1))[0]?.stream).toBe(stream);
    await client.end();
  });
});

describe('visibility', () => {
  it('shows users what is theirs, and administrators everything', async () => {
    const [anns, bens] = [freshStream(), freshStream()];
    await write(server.store, anns, 1, { owner: 'ann' });
    await write(server.store, bens, 1, { owner: 'ben' });
    const filter = { streams: [anns, bens] };
    const seen = async (user: string) => {
      const client = await server.connect(user);
      await client.caughtUp('past', { filter, from: 'start' });
      await client.end();
      return client.events('past').map(({ stream }) => stream);
    };
    expect(await seen('ann')).toEqual([anns]);
    expect(await seen('ben')).toEqual([bens]);
    expect(await seen('eve')).toEqual([]);
    expect(await seen('admin')).toEqual([anns, bens]);
  });

  it('shows tombstones to administrators alone, as they happen and later', async () => {
    const stream = freshStream();
    const filter = { streams: [stream] };
    const deleted = { ...filter, types: ['$streamDeleted'] };
    const [ann, admin] = await Promise.all([server.connect('ann'), server.connect('admin')]);
    await Promise.all([ann, admin].map((client) => client.caughtUp('live', { filter })));
    await write(server.store, stream, 1);
    await server.store.tombstone(stream);
    expect((await admin.told('live', 2)).map(({ topic }) => topic)).toEqual([
      'session.counted',
      'stream.deleted',
    ]);
    await Promise.all(
      [ann, admin].map((client) => client.caughtUp('past', { filter: deleted, from: 'start' })),
    );
    expect(ann.events('live').map(({ type }) => type)).toEqual(['Counted']);
    expect(ann.events('past')).toEqual([]);
    expect(admin.events('past').map(({ type }) => type)).toEqual(['$streamDeleted']);
    await Promise.all([ann.end(), admin.end()]);
  });

  it('shows nobody what nobody owns', async () => {
    const stream = freshStream();
    const { id, type, data } = counted(0, stream);
    const admin = await server.connect('admin');
    await admin.caughtUp('live', { filter: { streams: [stream] } });
    // Another program writes, which knows nothing of metadata.
    const other = EventStoreDBClient.connectionString(server.eventStoreUrl);
    await other.appendToStream(stream, jsonEvent({ id, type, data: { ...data } }));
    await other.dispose();
    await server.store.append(stream, [counted(1, stream)], 0);
    expect(numbers(await admin.told('live', 1))).toEqual([1]);
    await admin.caughtUp('past', { filter: { streams: [stream] }, from: 'start' });
    expect(numbers(admin.events('past'))).toEqual([1]);
    await admin.end();
  });

  it('shows nobody the copies that a detached fork has of its past', async () => {
    const fork = freshStream();
    const archive = `archive-${fork}`;
    const admin = await server.connect('admin');
    const filter = { streams: [fork, archive] };
    await admin.caughtUp('live', { filter });
    await server.store.append(archive, [counted(0, archive), counted(1, archive)], 'none');
    await server.store.append(fork, [counted(2, fork)], 'none');
    await server.store.tombstone(archive);
    await server.store.append(fork, [counted(3, fork)], 0);
    expect(numbers(await admin.told('live', 2))).toEqual([2, 3]);
    await admin.caughtUp('past', { filter, from: 'start' });
    expect(numbers(admin.events('past'))).toEqual([2, 3]);
    await admin.end();
  });
});

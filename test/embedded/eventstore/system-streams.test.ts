import { BACKWARDS, binaryEvent, END, jsonEvent, START } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { all, errorOf, event, events, freshStream, numbers, revisions } from './support/events.js';
import { startTestServer, type TestServer } from './support/server.js';
import { Recording } from './support/subscription.js';

let test: TestServer;
beforeAll(async () => {
  test = await startTestServer();
});
afterAll(() => test.stop());

let categories = 0;
const freshCategory = () => `cat${categories++}`;
const append = (stream: string, count: number, first = 0) =>
  test.client.appendToStream(stream, events(count, first));
const resolved = (stream: string) => all(test.client.readStream(stream, { resolveLinkTos: true }));
const targets = async (stream: string) =>
  (await all(test.client.readStream(stream))).map(({ event: link }) =>
    Buffer.from(link?.data as Uint8Array).toString(),
  );

describe('$ce-', () => {
  it('links all events of a category in the order of the log', async () => {
    const category = freshCategory();
    await append(`${category}-a`, 2);
    await append(`${category}-b-c`, 1, 2);
    await append(`${category}-a`, 1, 3);
    const read = await resolved(`$ce-${category}`);
    expect(numbers(read)).toEqual([0, 1, 2, 3]);
    expect(read.map(({ link }) => Number(link?.revision))).toEqual([0, 1, 2, 3]);
    expect(read[2]?.link).toMatchObject({
      streamId: `$ce-${category}`,
      type: '$>',
      metadata: { $o: `${category}-b-c`, $causedBy: read[2]?.event?.id },
    });
    expect(await targets(`$ce-${category}`)).toEqual([
      `0@${category}-a`,
      `1@${category}-a`,
      `0@${category}-b-c`,
      `2@${category}-a`,
    ]);
  });

  it('reads backwards and from a revision like any stream', async () => {
    const category = freshCategory();
    await append(`${category}-a`, 300);
    const stream = `$ce-${category}`;
    const backwards = { direction: BACKWARDS, fromRevision: END, maxCount: 2 } as const;
    expect(revisions(await all(test.client.readStream(stream, backwards)))).toEqual([299, 298]);
    const from = await all(test.client.readStream(stream, { fromRevision: 298n }));
    expect(revisions(from)).toEqual([298, 299]);
  });

  it('has nothing of system streams and of streams without a category', async () => {
    await append('$system-1', 1);
    await append('nodash', 1);
    await append('-dash', 1);
    for (const stream of ['$ce-$system', '$ce-nodash', '$ce-'])
      expect(await errorOf(all(test.client.readStream(stream)))).toBe('stream-not-found');
  });

  it('copies the target of a link, so that one hop is enough', async () => {
    const [category, linked] = [freshCategory(), freshCategory()];
    await append(`${category}-a`, 2);
    const data = Buffer.from(`1@${category}-a`);
    await test.client.appendToStream(`${linked}-x`, [binaryEvent({ type: '$>', data })]);
    expect(numbers(await resolved(`$ce-${linked}`))).toEqual([1]);
  });

  it('keeps the links to deleted events, unresolved', async () => {
    const category = freshCategory();
    await append(`${category}-a`, 1);
    await append(`${category}-b`, 1, 1);
    await test.client.deleteStream(`${category}-a`);
    const read = await resolved(`$ce-${category}`);
    expect(read.map(({ event: e }) => e?.streamId)).toEqual([undefined, `${category}-b`]);
    expect(read[0]?.link?.revision).toBe(0n);
  });

  it('obeys metadata of its own', async () => {
    const category = freshCategory();
    await append(`${category}-a`, 5);
    await test.client.setStreamMetadata(`$ce-${category}`, { maxCount: 2 });
    expect(revisions(await all(test.client.readStream(`$ce-${category}`)))).toEqual([3, 4]);
  });

  it('can be followed, each event once, from before to after it caught up', async () => {
    const category = freshCategory();
    await append(`${category}-a`, 2);
    const recording = new Recording(
      test.client.subscribeToStream(`$ce-${category}`, {
        fromRevision: START,
        resolveLinkTos: true,
      }),
    );
    await recording.caughtUp();
    await append(`${category}-b`, 2, 2);
    await recording.until(({ events: seen }) => seen.length === 4);
    expect(numbers(recording.events)).toEqual([0, 1, 2, 3]);
    expect(new Set(recording.events.map(({ link }) => link?.id)).size).toBe(4);
    await recording.stop();
  });

  it.each(['$ce-x', '$et-x', '$bc-x', '$streams', '$category-x'])(
    'is, like the other derived streams, not for others to write: %s',
    async (stream) => {
      const credentials = { username: 'a', password: 'b' };
      expect(await errorOf(append(stream, 1))).toBe('access-denied');
      const classic = test.client.appendToStream(stream, events(1), { credentials });
      expect(await errorOf(classic)).toBe('access-denied');
      expect(await errorOf(test.client.tombstoneStream(stream))).toBe('access-denied');
    },
  );
});

describe('$et-', () => {
  it('links all events of a type, of any stream', async () => {
    const type = `Type${freshCategory()}`;
    const streams = [freshStream(), freshStream()];
    for (const [n, stream] of streams.entries())
      await test.client.appendToStream(stream, [event(n, type), event(9, 'Other')]);
    expect(numbers(await resolved(`$et-${type}`))).toEqual([0, 1]);
  });

  it('has deletions and metadata of user streams, but no links', async () => {
    const stream = freshStream();
    await append(stream, 1);
    await test.client.setStreamMetadata(stream, { maxCount: 1 });
    await test.client.tombstoneStream(stream);
    expect(await targets('$et-$deleted')).toContain(`9223372036854775807@${stream}`);
    expect(await targets('$et-$metadata')).toContain(`0@$$${stream}`);
    expect(await errorOf(all(test.client.readStream('$et-$>')))).toBe('stream-not-found');
  });
});

describe('$bc-', () => {
  it('links the events whose metadata has the correlation id as text', async () => {
    const id = freshCategory();
    const correlated = (value: unknown, n: number) =>
      jsonEvent({ type: 'Correlated', data: { n }, metadata: { $correlationId: value } });
    await test.client.appendToStream(freshStream(), [correlated(id, 1), correlated(7, 2)]);
    await test.client.appendToStream(freshStream(), [event(3), correlated(id, 4)]);
    const read = await resolved(`$bc-${id}`);
    expect(numbers(read)).toEqual([1, 4]);
    expect(read[0]?.link?.metadata).toMatchObject({
      $correlationId: id,
      $eventTimestamp: read[0]?.event?.created.toISOString(),
    });
    expect(await errorOf(all(test.client.readStream('$bc-7')))).toBe('stream-not-found');
  });
});

describe('$streams and $category-', () => {
  it('name every stream once', async () => {
    const category = freshCategory();
    for (const id of ['a', 'b']) await append(`${category}-${id}`, 2);
    const linked = (await targets('$streams')).filter((t) => t.includes(category));
    expect(linked).toEqual([`0@${category}-a`, `0@${category}-b`]);
    expect(await targets(`$category-${category}`)).toEqual([`${category}-a`, `${category}-b`]);
  });
});

describe('a restart', () => {
  it('leaves derived streams as they were', async () => {
    const category = freshCategory();
    await append(`${category}-a`, 20_000);
    await append(`${category}-a`, 10, 20_000);
    const options = { fromRevision: 19_995n } as const;
    const before = await all(test.client.readStream(`$ce-${category}`, options));
    await test.restart();
    await all(test.client.readAll({ maxCount: 1 })).catch(() => undefined);
    expect(await all(test.client.readStream(`$ce-${category}`, options))).toEqual(before);
    await append(`${category}-b`, 1, 7);
    const after = await all(test.client.readStream(`$ce-${category}`, { fromRevision: 20_010n }));
    expect(revisions(after)).toEqual([20_010]);
  });
});

import { BACKWARDS, END, jsonEvent } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../../support/until.js';
import { all, events, freshStream, revisions } from './support/events.js';
import { startTestServer, type TestServer } from './support/server.js';

let test: TestServer;
beforeAll(async () => {
  test = await startTestServer();
});
afterAll(() => test.stop());

const streamOf = async (count: number) => {
  const stream = freshStream();
  await test.client.appendToStream(stream, events(count));
  return stream;
};

describe('stream metadata', () => {
  it('is kept to the byte and read back newest first', async () => {
    const stream = await streamOf(1);
    await test.client.setStreamMetadata(stream, { maxCount: 5 });
    await test.client.setStreamMetadata(stream, {
      acl: { readRoles: ['ann', 'bob'] },
      custom: '🙂',
      cacheControl: 10,
    });
    const { metadata } = await test.client.getStreamMetadata(stream);
    expect(metadata).toEqual({
      acl: { readRoles: ['ann', 'bob'] },
      custom: '🙂',
      cacheControl: 10,
    });
  });

  it('shows only the newest event of the metastream', async () => {
    const stream = await streamOf(1);
    for (const maxCount of [1, 2, 3]) await test.client.setStreamMetadata(stream, { maxCount });
    expect(revisions(await all(test.client.readStream(`$$${stream}`)))).toEqual([2]);
  });

  it('is absent for a stream that has none', async () => {
    const { metadata } = await test.client.getStreamMetadata(await streamOf(1));
    expect(metadata).toBeUndefined();
  });

  it('limits what is seen to maxCount, both ways, and leaves $all alone', async () => {
    const stream = await streamOf(10);
    await test.client.setStreamMetadata(stream, { maxCount: 3 });
    expect(revisions(await all(test.client.readStream(stream)))).toEqual([7, 8, 9]);
    const backwards = { direction: BACKWARDS, fromRevision: END } as const;
    expect(revisions(await all(test.client.readStream(stream, backwards)))).toEqual([9, 8, 7]);
    const everything = await all(test.client.readAll());
    expect(everything.filter((r) => r.event?.streamId === stream)).toHaveLength(10);
  });

  it('hides what is before truncateBefore, also when that is everything', async () => {
    const stream = await streamOf(10);
    await test.client.setStreamMetadata(stream, { truncateBefore: 8 });
    expect(revisions(await all(test.client.readStream(stream)))).toEqual([8, 9]);
    await test.client.setStreamMetadata(stream, { truncateBefore: 100 });
    expect(await all(test.client.readStream(stream))).toEqual([]);
    await test.client.appendToStream(stream, events(1), { expectedRevision: 9n });
  });

  it('hides events older than maxAge', async () => {
    const stream = await streamOf(2);
    await test.client.setStreamMetadata(stream, { maxAge: 3_600 });
    expect(await all(test.client.readStream(stream))).toHaveLength(2);
    await test.client.setStreamMetadata(stream, { maxAge: 1 });
    await until(async () => (await all(test.client.readStream(stream))).length === 0);
  });

  it.each([
    ['a value of the wrong type', { $maxCount: '1' }],
    ['a value that is not positive', { $maxCount: 0 }],
    ['one wrong value beside a right one', { $maxCount: 1, $maxAge: 'x' }],
  ])('counts as empty with %s', async (_, document) => {
    const stream = await streamOf(3);
    const metadata = jsonEvent({ type: '$metadata', data: document });
    await test.client.appendToStream(`$$${stream}`, [metadata]);
    expect(await all(test.client.readStream(stream))).toHaveLength(3);
  });
});

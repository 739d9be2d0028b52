import { ANY, NO_STREAM, START, WrongExpectedVersionError } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { all, errorOf, events, freshStream, numbers } from './support/events.js';
import { startTestServer, type TestServer } from './support/server.js';
import { Recording } from './support/subscription.js';

let test: TestServer;
beforeAll(async () => {
  test = await startTestServer();
});
afterAll(() => test.stop());

const append = (stream: string, count: number) => test.client.appendToStream(stream, events(count));
const read = (stream: string) => all(test.client.readStream(stream));
const eventsOf = async (stream: string) =>
  (await all(test.client.readAll())).filter(({ event }) => event?.streamId === stream);

describe('a soft delete', () => {
  it('hides the stream from reads and leaves its events in $all', async () => {
    const stream = freshStream();
    await append(stream, 2);
    const { position } = await test.client.deleteStream(stream);
    expect(position?.commit).toBeGreaterThan(0n);
    expect(await errorOf(read(stream))).toBe('stream-not-found');
    expect(await eventsOf(stream)).toHaveLength(2);
  });

  it('leaves the $tb document as metadata and nothing else', async () => {
    const stream = freshStream();
    await append(stream, 1);
    await test.client.setStreamMetadata(stream, { maxCount: 3 });
    await test.client.deleteStream(stream);
    const [document] = await all(test.client.readStream(`$$${stream}`, { fromRevision: START }));
    expect(document?.event?.data).toEqual({ $tb: 2 ** 63 });
  });

  it('may be repeated under any, and tombstones may follow', async () => {
    const stream = freshStream();
    await append(stream, 1);
    await test.client.deleteStream(stream);
    await test.client.deleteStream(stream);
    await test.client.deleteStream(stream, { expectedRevision: NO_STREAM });
    await test.client.tombstoneStream(stream);
    expect(await errorOf(test.client.deleteStream(stream))).toBe('stream-deleted');
  });

  it.each([ANY, NO_STREAM] as const)(
    'is turned down for a stream with neither events nor metadata, expecting %s',
    async (expectedRevision) => {
      const failure = await test.client
        .deleteStream(freshStream(), { expectedRevision })
        .catch((error) => error);
      expect(failure).toBeInstanceOf(WrongExpectedVersionError);
      expect(failure).toMatchObject({ actualVersion: -1n });
    },
  );

  it.each([ANY, NO_STREAM] as const)(
    'works on a stream with metadata alone, expecting %s',
    async (expectedRevision) => {
      const stream = freshStream();
      await test.client.setStreamMetadata(stream, { maxCount: 3 });
      await test.client.deleteStream(stream, { expectedRevision });
      expect(await errorOf(read(stream))).toBe('stream-not-found');
    },
  );

  it('checks the revision and tells both', async () => {
    const stream = freshStream();
    await append(stream, 3);
    const failure = await test.client
      .deleteStream(stream, { expectedRevision: 1n })
      .catch((error) => error);
    expect(failure).toMatchObject({ streamName: stream, expectedVersion: 1n, actualVersion: 2n });
    await test.client.deleteStream(stream, { expectedRevision: 2n });
  });

  it('is undone by metadata: the stream is there again, empty', async () => {
    const stream = freshStream();
    await append(stream, 2);
    await test.client.deleteStream(stream);
    await test.client.setStreamMetadata(stream, { maxCount: 10 });
    expect(await read(stream)).toEqual([]);
    await append(stream, 1);
    expect(numbers(await read(stream))).toEqual([0]);
    const { metadata } = await test.client.getStreamMetadata(stream);
    expect(metadata).toEqual({ maxCount: 10, truncateBefore: 2 });
  });
});

describe('a tombstone', () => {
  it('ends the stream for reads, metadata and subscriptions', async () => {
    const stream = freshStream();
    await append(stream, 1);
    await test.client.tombstoneStream(stream);
    expect(await errorOf(read(stream))).toBe('stream-deleted');
    expect(await errorOf(test.client.getStreamMetadata(stream))).toBe('stream-deleted');
    const recording = new Recording(test.client.subscribeToStream(stream));
    await recording.failed();
    expect(recording.told).toEqual(['error']);
    expect(recording.error).toMatchObject({ type: 'stream-deleted', streamName: stream });
  });

  it('is an event of its own in $all, with the highest revision there is', async () => {
    const stream = freshStream();
    await append(stream, 1);
    await test.client.tombstoneStream(stream);
    const tombstone = (await eventsOf(stream)).at(-1)?.event;
    expect(tombstone).toMatchObject({
      type: '$streamDeleted',
      revision: 9_223_372_036_854_775_807n,
    });
  });

  it.each([ANY, NO_STREAM] as const)(
    'ends a stream that never was, expecting %s',
    async (expectedRevision) => {
      const stream = freshStream();
      await test.client.tombstoneStream(stream, { expectedRevision });
      expect(await errorOf(append(stream, 1))).toBe('stream-deleted');
    },
  );

  it('checks the revision', async () => {
    const stream = freshStream();
    await append(stream, 3);
    const wrong = test.client.tombstoneStream(stream, { expectedRevision: NO_STREAM });
    expect(await errorOf(wrong)).toBe('wrong-expected-version');
    await test.client.tombstoneStream(stream, { expectedRevision: 2n });
  });

  it('keeps names of any alphabet out of trouble', async () => {
    const stream = freshStream('поток 🙂%');
    await test.client.tombstoneStream(stream);
    expect(await errorOf(read(stream))).toBe('stream-deleted');
    expect(await errorOf(test.client.deleteStream(stream))).toBe('stream-deleted');
  });
});

import { binaryEvent, END, START } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { events, freshStream, numbers } from './support/events.js';
import { startTestServer, type TestServer } from './support/server.js';
import { Recording } from './support/subscription.js';

let test: TestServer;
beforeAll(async () => {
  test = await startTestServer();
});
afterAll(() => test.stop());

const append = (stream: string, count: number, first = 0) =>
  test.client.appendToStream(stream, events(count, first));
const followStream = (...args: Parameters<typeof test.client.subscribeToStream>) =>
  new Recording(test.client.subscribeToStream(...args));

describe('a subscription to a stream', () => {
  it('tells what is there, that it caught up, and then what is new, each once', async () => {
    const stream = freshStream();
    await append(stream, 3);
    const recording = followStream(stream, { fromRevision: START });
    await recording.caughtUp();
    await append(stream, 2, 3);
    await recording.until(({ events: seen }) => seen.length === 5);
    const places = [0, 1, 2, 3, 4].map((n) => `${n}@${stream}`);
    expect(recording.told).toEqual([
      'confirmation',
      ...places.slice(0, 3),
      'caughtUp',
      ...places.slice(3),
    ]);
    await recording.stop();
  });

  it('starts after the revision given', async () => {
    const stream = freshStream();
    await append(stream, 5);
    const recording = followStream(stream, { fromRevision: 2n });
    await recording.caughtUp();
    expect(numbers(recording.events)).toEqual([3, 4]);
    await recording.stop();
  });

  it('from the end tells only what is new', async () => {
    const stream = freshStream();
    await append(stream, 2);
    const recording = followStream(stream, { fromRevision: END });
    await recording.caughtUp();
    await append(stream, 1, 2);
    await recording.until(({ events: seen }) => seen.length > 0);
    expect(numbers(recording.events)).toEqual([2]);
    await recording.stop();
  });

  it('from beyond the end tells nothing up to that revision', async () => {
    const stream = freshStream();
    await append(stream, 1);
    const recording = followStream(stream, { fromRevision: 2n });
    await recording.caughtUp();
    await append(stream, 4, 1);
    await recording.until(({ events: seen }) => seen.length === 2);
    expect(numbers(recording.events)).toEqual([3, 4]);
    await recording.stop();
  });

  it('waits for a stream that is not there yet', async () => {
    const stream = freshStream();
    const recording = followStream(stream, { fromRevision: START });
    await recording.caughtUp();
    await append(stream, 1);
    await recording.until(({ events: seen }) => seen.length === 1);
    await recording.stop();
  });

  it('leaves out what metadata hides while catching up, but nothing live', async () => {
    const stream = freshStream();
    await append(stream, 5);
    await test.client.setStreamMetadata(stream, { maxCount: 2 });
    const recording = followStream(stream, { fromRevision: START });
    await recording.caughtUp();
    await append(stream, 4, 5);
    await recording.until(({ events: seen }) => seen.length === 6);
    expect(numbers(recording.events)).toEqual([3, 4, 5, 6, 7, 8]);
    await recording.stop();
  });

  it('tells of a soft-deleted stream only what comes after', async () => {
    const stream = freshStream();
    await append(stream, 2);
    await test.client.deleteStream(stream);
    const recording = followStream(stream, { fromRevision: START });
    await recording.caughtUp();
    await append(stream, 1, 2);
    await recording.until(({ events: seen }) => seen.length === 1);
    expect(numbers(recording.events)).toEqual([2]);
    await recording.stop();
  });

  it('tells of a tombstone and then fails', async () => {
    const stream = freshStream();
    await append(stream, 1);
    const recording = followStream(stream, { fromRevision: START });
    await recording.caughtUp();
    await test.client.tombstoneStream(stream);
    await recording.failed();
    expect(recording.events.at(-1)?.event?.type).toBe('$streamDeleted');
    expect(recording.error).toMatchObject({ type: 'stream-deleted', streamName: stream });
  });

  it('tells of a tombstone even when it started beyond the end', async () => {
    const stream = freshStream();
    const recording = followStream(stream, { fromRevision: 7n });
    await recording.caughtUp();
    await test.client.tombstoneStream(stream);
    await recording.failed();
    expect(recording.events.map(({ event: e }) => e?.type)).toEqual(['$streamDeleted']);
  });

  it('follows links as they come', async () => {
    const [stream, links] = [freshStream(), freshStream()];
    await append(stream, 2);
    const recording = followStream(links, { fromRevision: START, resolveLinkTos: true });
    await recording.caughtUp();
    const data = Buffer.from(`1@${stream}`);
    await test.client.appendToStream(links, [binaryEvent({ type: '$>', data })]);
    await recording.until(({ events: seen }) => seen.length === 1);
    expect(recording.events[0]?.event).toMatchObject({ streamId: stream, revision: 1n });
    expect(recording.events[0]?.link).toMatchObject({ streamId: links, revision: 0n });
    await recording.stop();
  });

  it('misses and repeats nothing when it joins while events come in', async () => {
    const stream = freshStream();
    const writing = (async () => {
      for (let n = 0; n < 600; n += 3) await append(stream, 3, n);
    })();
    const recordings: Recording[] = [];
    for (let joined = 0; joined < 5; joined++) {
      await append(freshStream(), 1);
      recordings.push(followStream(stream, { fromRevision: START }));
    }
    await writing;
    for (const recording of recordings) {
      await recording.until(({ events: seen }) => seen.length >= 600);
      expect(numbers(recording.events)).toEqual(Array.from({ length: 600 }, (_, n) => n));
      expect(recording.told.filter((what) => what === 'caughtUp')).toHaveLength(1);
      await recording.stop();
    }
  });

  it('can be opened and closed many times in a row', async () => {
    const stream = freshStream();
    for (let round = 0; round < 80; round++) {
      const recording = followStream(stream, { fromRevision: END });
      await recording.caughtUp();
      await append(stream, 1, round);
      await recording.until(({ events: seen }) => seen.length === 1);
      await recording.stop();
    }
  });
});

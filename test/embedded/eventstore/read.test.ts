import { BACKWARDS, binaryEvent, END, FORWARDS, jsonEvent, START } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import { all, errorOf, event, events, freshStream, numbers, revisions } from './support/events.js';
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

describe('a recorded event', () => {
  it('is as it was proposed, with its place and time', async () => {
    const stream = freshStream('имя 🙂');
    const id = newId();
    const before = Date.now();
    const { position } = await test.client.appendToStream(stream, [
      jsonEvent({ id, type: 'Täuschung', data: { a: [1, '🙂'] }, metadata: { b: null } }),
    ]);
    const [resolved] = await all(test.client.readStream(stream));
    expect(resolved).toMatchObject({
      commitPosition: position?.commit,
      event: {
        id,
        streamId: stream,
        revision: 0n,
        type: 'Täuschung',
        data: { a: [1, '🙂'] },
        metadata: { b: null },
        isJson: true,
        position,
      },
    });
    expect(resolved).not.toHaveProperty('link.id');
    const created = resolved?.event?.created.getTime() ?? 0;
    expect(created).toBeGreaterThanOrEqual(before);
    expect(created).toBeLessThanOrEqual(Date.now());
  });

  it('keeps binary data, empty data and broken JSON as they came', async () => {
    const stream = freshStream();
    const data = Uint8Array.from([0, 255, 1]);
    await test.client.appendToStream(stream, [
      binaryEvent({ type: 'Binary', data, metadata: Uint8Array.from([9, 8]) }),
      binaryEvent({ type: 'Empty', data: new Uint8Array() }),
      jsonEvent({ type: 'Text', data: 'just text' }),
    ]);
    const [binary, empty, text] = (await all(test.client.readStream(stream))).map((r) => r.event);
    expect(Buffer.from(binary?.data as Uint8Array).toString('hex')).toBe('00ff01');
    expect(Buffer.from(binary?.metadata as Uint8Array).toString('hex')).toBe('0908');
    expect(binary?.isJson).toBe(false);
    expect(empty?.data).toHaveLength(0);
    expect(empty?.metadata).toBeUndefined();
    expect(text?.data).toBe('just text');
  });
});

describe('reading a stream', () => {
  it.each([
    ['forwards from the start', { fromRevision: START, maxCount: 3 }, [0, 1, 2]],
    ['forwards from a revision', { fromRevision: 8n }, [8, 9]],
    ['forwards from beyond the end', { fromRevision: 100n }, []],
    ['forwards from the end', { fromRevision: END }, []],
    ['backwards from the end', { direction: BACKWARDS, fromRevision: END, maxCount: 2 }, [9, 8]],
    ['backwards from a revision', { direction: BACKWARDS, fromRevision: 2n }, [2, 1, 0]],
    ['backwards from beyond', { direction: BACKWARDS, fromRevision: 99n, maxCount: 1 }, [9]],
    ['backwards from the start', { direction: BACKWARDS, fromRevision: START }, [0]],
  ] as const)('gives what lies %s', async (_, options, expected) => {
    const stream = await streamOf(10);
    expect(revisions(await all(test.client.readStream(stream, options)))).toEqual(expected);
  });

  it('gives all of a stream of many pages, both ways', async () => {
    const stream = await streamOf(1_000);
    const forwards = numbers(await all(test.client.readStream(stream)));
    expect(forwards).toEqual(Array.from({ length: 1_000 }, (_, n) => n));
    const backwards = await all(
      test.client.readStream(stream, { direction: BACKWARDS, fromRevision: END }),
    );
    expect(numbers(backwards)).toEqual(forwards.toReversed());
  });

  it('answers stream-not-found with the name for a stream that never was', async () => {
    const failure = await all(test.client.readStream('never-wäs')).catch((error) => error);
    expect(failure).toMatchObject({ type: 'stream-not-found', streamName: 'never-wäs' });
  });
});

describe('reading $all', () => {
  it('is never empty, and strictly ordered', async () => {
    const everything = await all(test.client.readAll());
    expect(everything.length).toBeGreaterThan(0);
    const positions = everything.map((r) => r.event?.position.commit ?? 0n);
    expect(positions.every((p, i) => i === 0 || p > positions[i - 1]!)).toBe(true);
  });

  it('includes the event at the position forwards, and excludes it backwards', async () => {
    const stream = await streamOf(3);
    const [first, second, third] = await all(test.client.readStream(stream));
    const fromPosition = second?.event?.position ?? START;
    const forwards = await all(test.client.readAll({ fromPosition, maxCount: 2 }));
    expect(forwards.map((r) => r.event?.id)).toEqual([second?.event?.id, third?.event?.id]);
    const backwards = await all(
      test.client.readAll({ direction: BACKWARDS, fromPosition, maxCount: 1 }),
    );
    expect(backwards.map((r) => r.event?.id)).toEqual([first?.event?.id]);
  });

  it('gives nothing forwards from the end or backwards from the start', async () => {
    expect(await all(test.client.readAll({ fromPosition: END }))).toEqual([]);
    const fromStart = { direction: BACKWARDS, fromPosition: START } as const;
    expect(await all(test.client.readAll(fromStart))).toEqual([]);
  });

  it('gives the same events backwards as forwards', async () => {
    await streamOf(500);
    const ids = async (options: Parameters<typeof test.client.readAll>[0]) =>
      (await all(test.client.readAll(options))).map((r) => r.event?.id);
    const forwards = await ids({ direction: FORWARDS, fromPosition: START });
    const backwards = await ids({ direction: BACKWARDS, fromPosition: END });
    expect(backwards).toEqual(forwards.toReversed());
  });

  it('hides what persistent subscriptions to $all write for themselves', async () => {
    const hidden = '$persistentsubscription-$all::mine-checkpoint';
    const seen = '$persistentsubscription-other::mine-checkpoint';
    await test.client.appendToStream(hidden, events(1));
    await test.client.appendToStream(seen, events(1));
    const streams = (await all(test.client.readAll())).map((r) => r.event?.streamId);
    expect(streams).toContain(seen);
    expect(streams).not.toContain(hidden);
  });
});

describe('a stream name', () => {
  it('may be longer than an index key', async () => {
    const names = ['x', 'y'].map((last) => `${'long-'.repeat(500)}${last}`);
    for (const [n, name] of names.entries()) await test.client.appendToStream(name, [event(n)]);
    for (const [n, name] of names.entries())
      expect(numbers(await all(test.client.readStream(name)))).toEqual([n]);
  });

  it('must not be empty', async () => {
    expect(await errorOf(test.client.appendToStream('', events(1)))).toBe('unknown');
  });
});

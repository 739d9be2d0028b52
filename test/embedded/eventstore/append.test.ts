import {
  ANY,
  BACKWARDS,
  END,
  MaxAppendSizeExceededError,
  NO_STREAM,
  STREAM_EXISTS,
  StreamDeletedError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import { all, errorOf, event, events, freshStream, revisions } from './support/events.js';
import { startTestServer, type TestServer } from './support/server.js';

let test: TestServer;
beforeAll(async () => {
  test = await startTestServer();
});
afterAll(() => test.stop());

// With credentials the client takes Append, otherwise BatchAppend: both must follow the same rules.
const ways = [
  ['BatchAppend', {}],
  ['Append', { credentials: { username: 'admin', password: 'changeit' } }],
] as const;

describe.each(ways)('%s', (_, way) => {
  const append = (
    stream: string,
    proposed: ReturnType<typeof events>,
    expectedRevision: bigint | typeof ANY | typeof NO_STREAM | typeof STREAM_EXISTS = ANY,
  ) => test.client.appendToStream(stream, proposed, { ...way, expectedRevision });
  const count = async (stream: string) => (await all(test.client.readStream(stream))).length;

  it('numbers a new stream from 0 and answers with the place of the last event', async () => {
    const stream = freshStream();
    const first = await append(stream, events(3), NO_STREAM);
    expect(first).toMatchObject({ success: true, nextExpectedRevision: 2n });
    const second = await append(stream, events(1));
    expect(second.nextExpectedRevision).toBe(3n);
    const [last] = await all(
      test.client.readStream(stream, { direction: BACKWARDS, fromRevision: END, maxCount: 1 }),
    );
    expect(second.position).toEqual(last?.event?.position);
    expect((second.position?.commit ?? 0n) > (first.position?.commit ?? 0n)).toBe(true);
  });

  it('answers where the first event is as well', async () => {
    const stream = freshStream();
    await append(stream, events(1));
    const { position } = await append(stream, events(3));
    const stored = await all(test.client.readStream(stream, { fromRevision: 1n }));
    const [first, , last] = stored.map(({ event }) => event?.position?.commit);
    expect(position).toEqual({ commit: last, prepare: first });
  });

  it('takes an exact revision that is the newest', async () => {
    const stream = freshStream();
    await append(stream, events(2));
    expect((await append(stream, events(1), 1n)).nextExpectedRevision).toBe(2n);
  });

  it.each([
    ['a revision before the newest', 0n],
    ['a revision after the newest', 5n],
    ['no stream where there is one', NO_STREAM],
  ] as const)('turns down %s and tells the newest', async (_case, expected) => {
    const stream = freshStream();
    await append(stream, events(2));
    const failure = await append(stream, events(1), expected).catch((error) => error);
    expect(failure).toBeInstanceOf(WrongExpectedVersionError);
    expect(failure).toMatchObject({
      streamName: stream,
      actualVersion: 1n,
      expectedVersion: expected,
    });
    expect(await count(stream)).toBe(2);
  });

  it('turns down stream-exists for a stream that does not, and says so', async () => {
    const failure = await append(freshStream(), events(1), STREAM_EXISTS).catch((error) => error);
    expect(failure).toMatchObject({ type: 'wrong-expected-version', actualVersion: NO_STREAM });
  });

  it('takes stream-exists for a stream with metadata alone', async () => {
    const stream = freshStream();
    await test.client.setStreamMetadata(stream, { maxCount: 10 });
    expect((await append(stream, events(1), STREAM_EXISTS)).nextExpectedRevision).toBe(0n);
  });

  it.each([ANY, NO_STREAM, 2n] as const)(
    'writes nothing the second time when all ids are known, expecting %s',
    async (expected) => {
      const stream = freshStream();
      if (expected === 2n) await append(stream, events(3));
      const proposed = events(3);
      const first = await append(stream, proposed, expected);
      await append(stream, events(1));
      expect(await append(stream, proposed, expected)).toEqual(first);
      expect(await append(stream, proposed.slice(0, 2), expected)).toMatchObject({
        nextExpectedRevision: first.nextExpectedRevision - 1n,
      });
    },
  );

  it('writes everything when the first id is new, even if a later one is known', async () => {
    const stream = freshStream();
    const known = events(1);
    await append(stream, known);
    expect((await append(stream, [...events(1), ...known])).nextExpectedRevision).toBe(2n);
  });

  it('turns down a request whose first id is known and a later one is not', async () => {
    const stream = freshStream();
    const known = events(1);
    await append(stream, known);
    for (const expected of [ANY, STREAM_EXISTS, NO_STREAM] as const) {
      const failure = await append(stream, [...known, ...events(1)], expected).catch((e) => e);
      expect(failure).toMatchObject({ type: 'wrong-expected-version', actualVersion: 0n });
    }
  });

  it('takes an id again in another stream', async () => {
    const id = newId();
    const [one, other] = [freshStream(), freshStream()];
    await append(one, [event(1, 'Counted', id)]);
    await append(other, [event(1, 'Counted', id)]);
    expect([await count(one), await count(other)]).toEqual([1, 1]);
  });

  it('answers an append of no events without creating the stream', async () => {
    const stream = freshStream();
    expect((await append(stream, [])).success).toBe(true);
    expect(await errorOf(all(test.client.readStream(stream)))).toBe('stream-not-found');
    await append(stream, events(2));
    expect((await append(stream, [], 1n)).nextExpectedRevision).toBe(1n);
    expect(await errorOf(append(stream, [], 0n))).toBe('wrong-expected-version');
  });

  it('goes on with the numbers of a soft-deleted stream and shows only what is new', async () => {
    for (const expected of [ANY, NO_STREAM, 1n] as const) {
      const stream = freshStream();
      await append(stream, events(2));
      await test.client.deleteStream(stream);
      expect((await append(stream, events(2), expected)).nextExpectedRevision).toBe(3n);
      expect(revisions(await all(test.client.readStream(stream)))).toEqual([2, 3]);
      const { metadata } = await test.client.getStreamMetadata(stream);
      expect(metadata).toEqual({ truncateBefore: 2 });
    }
  });

  it('keeps the other metadata of a deleted stream when an append brings it back', async () => {
    const stream = freshStream();
    await append(stream, events(2));
    await test.client.appendToStream(`$$${stream}`, [
      { ...event(0, '$metadata'), data: { owner: 'ann 🙂', $tb: 2 ** 63 } },
    ]);
    await append(stream, events(1));
    const { metadata } = await test.client.getStreamMetadata(stream);
    expect(metadata).toEqual({ owner: 'ann 🙂', truncateBefore: 2 });
  });

  it('answers stream-deleted for stream-exists on a soft-deleted stream', async () => {
    const stream = freshStream();
    await append(stream, events(1));
    await test.client.deleteStream(stream);
    const failure = await append(stream, events(1), STREAM_EXISTS).catch((error) => error);
    expect(failure).toBeInstanceOf(StreamDeletedError);
  });

  it('answers stream-deleted for whatever is appended to a tombstoned stream', async () => {
    const stream = freshStream();
    await append(stream, events(1));
    await test.client.tombstoneStream(stream);
    for (const expected of [ANY, NO_STREAM, STREAM_EXISTS, 0n] as const) {
      const failure = await append(stream, events(1), expected).catch((error) => error);
      expect(failure).toBeInstanceOf(StreamDeletedError);
      expect(failure).toMatchObject({ streamName: stream });
    }
    expect(await errorOf(test.client.setStreamMetadata(stream, {}))).toBe('stream-deleted');
  });

  it('counts data bytes alone towards the maximum size and takes exactly that many', async () => {
    const stream = freshStream('ün1code 🙂');
    const proposed = (size: number) => ({
      ...event(0, 'x'.repeat(100)),
      contentType: 'application/octet-stream' as const,
      data: Buffer.alloc(size),
    });
    const send = (size: number) =>
      test.client.appendToStream(stream, [proposed(size - 10), proposed(10)], way);
    expect((await send(1_048_576)).nextExpectedRevision).toBe(1n);
    const failure = await send(1_048_577).catch((error) => error);
    expect(failure).toBeInstanceOf(MaxAppendSizeExceededError);
    expect(failure).toMatchObject({ maxAppendSize: 1_048_576 });
    expect(await count(stream)).toBe(2);
  });

  it('takes 30 000 small events at once', async () => {
    const stream = freshStream();
    expect((await append(stream, events(30_000))).nextExpectedRevision).toBe(29_999n);
    const read = await all(test.client.readStream(stream, { fromRevision: 29_998n }));
    expect(revisions(read)).toEqual([29_998, 29_999]);
  });
});

describe('BatchAppend', () => {
  it('answers 10 000 appends at once, those to one stream in the order sent', async () => {
    const streams = Array.from({ length: 100 }, () => freshStream());
    const answers = await Promise.all(
      Array.from({ length: 10_000 }, (_, n) =>
        test.client.appendToStream(streams[n % 100]!, [event(n)]),
      ),
    );
    const revisionsSeen = answers.map(({ nextExpectedRevision }) => Number(nextExpectedRevision));
    expect(revisionsSeen).toEqual(answers.map((_, n) => Math.floor(n / 100)));
  });

  it('answers a deadline that has passed with deadline-exceeded, once', async () => {
    const stream = freshStream();
    const late = test.client.appendToStream(stream, events(30_000), { deadline: 1 });
    expect(await errorOf(late)).toBe('deadline-exceeded');
    await test.client.appendToStream(stream, events(1));
    expect(revisions(await all(test.client.readStream(stream)))).toEqual([0]);
  });

  it('lets one writer of many win a revision', async () => {
    const stream = freshStream();
    const race = await Promise.allSettled(
      Array.from({ length: 50 }, () =>
        test.client.appendToStream(stream, events(1), { expectedRevision: NO_STREAM }),
      ),
    );
    expect(race.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});

import { binaryEvent } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { all, event, events, freshStream, numbers } from './support/events.js';
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

describe('a link', () => {
  const link = (target: string) => binaryEvent({ type: '$>', data: Buffer.from(target) });

  it('is followed when asked for, and a plain event otherwise', async () => {
    const stream = await streamOf(3);
    const links = freshStream();
    await test.client.appendToStream(links, [link(`1@${stream}`)]);
    const [resolved] = await all(test.client.readStream(links, { resolveLinkTos: true }));
    expect(resolved?.event).toMatchObject({ streamId: stream, revision: 1n, data: { n: 1 } });
    expect(resolved?.link).toMatchObject({ streamId: links, revision: 0n, type: '$>' });
    expect(resolved?.commitPosition).toBe(resolved?.link?.position?.commit);
    const [plain] = await all(test.client.readStream(links));
    expect(plain?.event).toMatchObject({ streamId: links, type: '$>' });
    expect(plain?.link).toBeUndefined();
  });

  it.each([
    ['a stream that never was', async () => '0@never-was'],
    ['a revision that is not there yet', async () => `7@${await streamOf(3)}`],
    [
      'a truncated event',
      async () => {
        const stream = await streamOf(3);
        await test.client.setStreamMetadata(stream, { truncateBefore: 2 });
        return `1@${stream}`;
      },
    ],
    [
      'a deleted stream',
      async () => {
        const stream = await streamOf(3);
        await test.client.deleteStream(stream);
        return `1@${stream}`;
      },
    ],
    [
      'a tombstoned stream',
      async () => {
        const stream = await streamOf(3);
        await test.client.tombstoneStream(stream);
        return `1@${stream}`;
      },
    ],
  ])('to %s comes without an event', async (_, target) => {
    const links = freshStream();
    await test.client.appendToStream(links, [link(await target())]);
    const [resolved] = await all(test.client.readStream(links, { resolveLinkTos: true }));
    expect(resolved?.event).toBeUndefined();
    expect(resolved?.link).toMatchObject({ streamId: links, revision: 0n });
  });

  it('to a link is followed one step', async () => {
    const stream = await streamOf(1);
    const [inner, outer] = [freshStream(), freshStream()];
    await test.client.appendToStream(inner, [link(`0@${stream}`)]);
    await test.client.appendToStream(outer, [link(`0@${inner}`)]);
    const [resolved] = await all(test.client.readStream(outer, { resolveLinkTos: true }));
    expect(resolved?.event).toMatchObject({ streamId: inner, type: '$>' });
  });

  it('that names no revision is an event like any other', async () => {
    const links = freshStream();
    await test.client.appendToStream(links, [link('x@stream')]);
    const [resolved] = await all(test.client.readStream(links, { resolveLinkTos: true }));
    expect(resolved?.event).toMatchObject({ streamId: links, type: '$>' });
    expect(resolved?.link).toBeUndefined();
  });

  it('to a stream with @ in its name is split at the first one', async () => {
    const stream = `${freshStream()}@example.org`;
    await test.client.appendToStream(stream, [event(7)]);
    const links = freshStream();
    await test.client.appendToStream(links, [link(`0@${stream}`)]);
    const read = await all(test.client.readStream(links, { resolveLinkTos: true }));
    expect(numbers(read)).toEqual([7]);
  });
});

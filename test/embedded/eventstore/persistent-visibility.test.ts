import { binaryEvent } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { all, freshStream } from './support/events.js';
import { groupTools } from './support/group-tools.js';
import { startTestServer, type TestServer } from './support/server.js';

let test: TestServer;
let tools: ReturnType<typeof groupTools>;
beforeAll(async () => {
  test = await startTestServer();
  tools = groupTools(test);
});
afterAll(() => test.stop());

/** A stream of which metadata shows the newest event alone. */
const shortStream = async () => {
  const stream = freshStream();
  await test.client.setStreamMetadata(stream, { maxCount: 1 });
  return stream;
};

describe('the metadata of a stream', () => {
  it('hides what was there before the group from it', async () => {
    const stream = await shortStream();
    await tools.append(stream, 3);
    await tools.groupOn(stream);
    const recording = tools.consume(stream);
    await recording.delivered(1);
    await tools.append(stream, 2, 3);
    await recording.delivered(3);
    expect(recording.numbers).toEqual([2, 3, 4]);
    await recording.stop();
  });

  it('hides no live event, however many come at once', async () => {
    const stream = await tools.groupOn(await shortStream());
    const recording = tools.consume(stream);
    await recording.confirmed();
    await tools.append(stream, 5);
    await tools.append(stream, 50, 5);
    await recording.delivered(55);
    expect(recording.numbers).toEqual(Array.from({ length: 55 }, (_, n) => n));
    await recording.stop();
  });

  it('hides no event that came while no consumer was connected', async () => {
    const stream = await tools.groupOn(await shortStream());
    await tools.append(stream, 5);
    const recording = tools.consume(stream);
    await recording.delivered(5);
    expect(recording.numbers).toEqual([0, 1, 2, 3, 4]);
    await recording.stop();
  });

  it('counts again for a group that fell behind by more than its live buffer', async () => {
    const stream = await tools.groupOn(await shortStream(), { liveBufferSize: 2 });
    await tools.append(stream, 5);
    const recording = tools.consume(stream);
    await recording.delivered(1);
    await tools.append(stream, 2, 5);
    await recording.delivered(3);
    expect(recording.numbers).toEqual([4, 5, 6]);
    await recording.stop();
  });
});

describe('an event found by a link', () => {
  it('is delivered with the position of the link, and read with its own', async () => {
    const stream = freshStream();
    const links = freshStream();
    await tools.append(stream, 3);
    const link = binaryEvent({ type: '$>', data: Buffer.from(`1@${stream}`) });
    await test.client.appendToStream(links, [link]);
    await tools.groupOn(links, { resolveLinkTos: true });
    const recording = tools.consume(links);
    await recording.delivered(1);
    const [delivered] = recording.deliveries;
    expect(delivered?.resolved.event).toMatchObject({
      streamId: stream,
      revision: 1n,
      type: 'Counted',
      data: { n: 1 },
    });
    expect(delivered?.resolved.link).toMatchObject({ streamId: links, revision: 0n });
    expect(delivered?.resolved.event?.position).toEqual(delivered?.resolved.link?.position);
    const [read] = await all(test.client.readStream(links, { resolveLinkTos: true }));
    const [own] = await all(test.client.readStream(stream, { fromRevision: 1n }));
    expect(read?.event?.position).toEqual(own?.event?.position);
    expect(read?.event?.position).not.toEqual(read?.link?.position);
    await recording.stop();
  });
});

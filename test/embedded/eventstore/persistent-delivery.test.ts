import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../../support/until.js';
import { all, freshStream } from './support/events.js';
import { groupTools, testGroup } from './support/group-tools.js';
import { startTestServer, type TestServer } from './support/server.js';

let test: TestServer;
let tools: ReturnType<typeof groupTools>;
beforeAll(async () => {
  test = await startTestServer();
  tools = groupTools(test);
});
afterAll(() => test.stop());

describe('an answer', () => {
  it('of retry brings the message again before others, counted, and parks it in the end', async () => {
    const stream = await tools.groupOn(freshStream(), { maxRetryCount: 2 });
    await tools.append(stream, 2);
    const recording = tools.consume(
      stream,
      ({ n, resolved }, subscription) =>
        n === 0 ? subscription.nack('retry', 'again', resolved) : subscription.ack(resolved),
      1,
    );
    await recording.delivered(4);
    expect(recording.deliveries.map(({ n, retryCount }) => [n, retryCount])).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [1, 0],
    ]);
    await until(async () => (await tools.info(stream)).stats.parkedMessageCount === 1n);
    await recording.stop();
  });

  it.each(['skip', 'stop'] as const)('of %s is the end of the message', async (action) => {
    const stream = await tools.groupOn(freshStream());
    await tools.append(stream, 3);
    const recording = tools.consume(
      stream,
      ({ resolved }, subscription) => subscription.nack(action, '', resolved),
      1,
    );
    await recording.delivered(3);
    expect(recording.numbers).toEqual([0, 1, 2]);
    expect((await tools.info(stream)).stats.parkedMessageCount).toBe(0n);
    await recording.stop();
  });

  it('of park puts it aside until it is replayed', async () => {
    const stream = await tools.groupOn(freshStream());
    await tools.append(stream, 3);
    let isParking = true;
    const recording = tools.consume(stream, ({ resolved }, subscription) =>
      isParking ? subscription.nack('park', 'broken', resolved) : subscription.ack(resolved),
    );
    await until(async () => (await tools.info(stream)).stats.parkedMessageCount === 3n);
    const parked = await all(
      test.client.readStream(`$persistentsubscription-${stream}::${testGroup}-parked`),
    );
    expect(Buffer.from(parked[1]?.event?.data as Uint8Array).toString()).toBe(`1@${stream}`);
    expect(parked[1]?.event?.metadata).toMatchObject({ reason: 'broken' });

    isParking = false;
    await test.client.replayParkedMessagesToStream(stream, testGroup, { stopAt: 2 });
    await recording.delivered(5);
    expect(recording.numbers).toEqual([0, 1, 2, 0, 1]);
    expect(recording.deliveries[3]).toMatchObject({
      retryCount: 0,
      resolved: { link: { revision: 0n } },
    });
    expect((await tools.info(stream)).stats.parkedMessageCount).toBe(1n);
    await test.client.replayParkedMessagesToStream(stream, testGroup);
    await recording.delivered(6);
    expect(recording.numbers.at(-1)).toBe(2);
    await test.client.replayParkedMessagesToStream(stream, testGroup);
    await recording.stop();
  });

  it('that does not come in time brings the message again', async () => {
    const stream = await tools.groupOn(freshStream(), { messageTimeout: 0 });
    await tools.append(stream, 1);
    const recording = tools.consume(stream, ({ retryCount, resolved }, subscription) =>
      retryCount > 0 ? subscription.ack(resolved) : undefined,
    );
    await recording.delivered(2);
    expect(recording.deliveries.map(({ retryCount }) => retryCount)).toEqual([0, 1]);
    await recording.stop();
  });
});

describe('several consumers', () => {
  it('take turns', async () => {
    const stream = await tools.groupOn(freshStream());
    const consumers = [tools.consume(stream), tools.consume(stream)];
    for (const consumer of consumers) await consumer.confirmed();
    await tools.append(stream, 20);
    for (const consumer of consumers) await consumer.delivered(10);
    expect(consumers.map(({ deliveries }) => deliveries.length)).toEqual([10, 10]);
    for (const consumer of consumers) await consumer.stop();
  });

  it('are filled one after the other with DispatchToSingle', async () => {
    const stream = await tools.groupOn(freshStream(), { consumerStrategyName: 'DispatchToSingle' });
    const consumers = [
      tools.consume(stream, () => undefined, 5),
      tools.consume(stream, () => undefined, 5),
    ];
    for (const consumer of consumers) await consumer.confirmed();
    await tools.append(stream, 7);
    await consumers[0]?.delivered(5);
    await consumers[1]?.delivered(2);
    expect(consumers.map(({ deliveries }) => deliveries.length)).toEqual([5, 2]);
    for (const consumer of consumers) await consumer.stop();
  });

  it('get the events of one stream on one consumer with Pinned', async () => {
    const category = `pinned${process.pid}`;
    await tools.groupOn(`$ce-${category}`, {
      consumerStrategyName: 'Pinned',
      resolveLinkTos: true,
    });
    const consumers = [tools.consume(`$ce-${category}`), tools.consume(`$ce-${category}`)];
    for (const consumer of consumers) await consumer.confirmed();
    for (let n = 0; n < 60; n++) await tools.append(`${category}-${n % 12}`, 1, n);
    const total = () => consumers.reduce((sum, { deliveries }) => sum + deliveries.length, 0);
    await until(async () => {
      await tools.info(`$ce-${category}`);
      return total() === 60;
    });
    const streams = consumers.map(
      ({ deliveries }) => new Set(deliveries.map(({ resolved }) => resolved.event?.streamId)),
    );
    expect([...streams[0]!].filter((stream) => streams[1]!.has(stream))).toEqual([]);
    expect(streams.every(({ size }) => size > 0)).toBe(true);
    for (const consumer of consumers) await consumer.stop();
  });

  it('inherit what one had in flight when it left', async () => {
    const stream = await tools.groupOn(freshStream());
    await tools.append(stream, 5);
    const leaving = tools.consume(stream, () => undefined);
    await leaving.delivered(5);
    const staying = tools.consume(stream);
    await staying.confirmed();
    await leaving.stop();
    await staying.delivered(5);
    expect(staying.numbers).toEqual([0, 1, 2, 3, 4]);
    expect(staying.deliveries.every(({ retryCount }) => retryCount === 1)).toBe(true);
    await staying.stop();
  });
});

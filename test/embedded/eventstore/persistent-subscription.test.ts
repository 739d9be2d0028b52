import {
  persistentSubscriptionToAllSettingsFromDefaults as allSettings,
  binaryEvent,
  END,
  excludeSystemEvents,
  type PersistentSubscriptionToStreamSettings,
  START,
  persistentSubscriptionToStreamSettingsFromDefaults as settings,
  streamNameFilter,
} from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { all, errorOf, event, events, freshStream } from './support/events.js';
import { GroupRecording } from './support/group-recording.js';
import { startTestServer, type TestServer } from './support/server.js';

let test: TestServer;
beforeAll(async () => {
  test = await startTestServer();
});
afterAll(() => test.stop());

const GROUP = 'group 🙂';
const append = (stream: string, count: number, first = 0) =>
  test.client.appendToStream(stream, events(count, first));

const groupOn = async (
  stream: string,
  changes: Partial<PersistentSubscriptionToStreamSettings> = {},
) => {
  await test.client.createPersistentSubscriptionToStream(
    stream,
    GROUP,
    settings({ startFrom: START, ...changes }),
  );
  return stream;
};
const consume = (
  stream: string,
  answer?: ConstructorParameters<typeof GroupRecording>[1],
  bufferSize = 10,
) =>
  new GroupRecording(
    test.client.subscribeToPersistentSubscriptionToStream(stream, GROUP, { bufferSize }),
    answer,
  );
const info = (stream: string) => test.client.getPersistentSubscriptionToStreamInfo(stream, GROUP);
const eventually = async (isSo: () => Promise<boolean>) => {
  const limit = Date.now() + 30_000;
  while (!(await isSo())) if (Date.now() > limit) throw new Error('not in time');
};

describe('a group', () => {
  it('tells back exactly the settings it was made with', async () => {
    const stream = await groupOn(freshStream(), { maxRetryCount: 3, startFrom: 7n });
    const { settings: told, groupName, eventSource } = await info(stream);
    expect(told).toEqual(settings({ maxRetryCount: 3, startFrom: 7n }));
    expect({ groupName, eventSource }).toEqual({ groupName: GROUP, eventSource: stream });
  });

  it('cannot be made twice', async () => {
    const stream = await groupOn(freshStream());
    const failure = await groupOn(stream).catch((error) => error);
    expect(failure).toMatchObject({ type: 'persistent-subscription-exists' });
  });

  it.each([
    ['get info of', (s: string) => info(s)],
    [
      'update',
      (s: string) => test.client.updatePersistentSubscriptionToStream(s, GROUP, settings()),
    ],
    ['delete', (s: string) => test.client.deletePersistentSubscriptionToStream(s, GROUP)],
    ['replay', (s: string) => test.client.replayParkedMessagesToStream(s, GROUP)],
  ])('must be there to %s it', async (_, call) => {
    const failure = await call('nope').catch((error) => error);
    expect(failure).toMatchObject({ type: 'persistent-subscription-does-not-exist' });
    expect(failure.message).toBe(
      `5 NOT_FOUND: Subscription group ${GROUP} on stream nope does not exist.`,
    );
  });

  it('must be there to consume from it', async () => {
    const recording = consume('nope');
    await recording.until(() => recording.error !== undefined);
    expect(recording.error).toMatchObject({ type: 'persistent-subscription-does-not-exist' });
  });

  it('is refused when the read batch is not smaller than the history buffer', async () => {
    const wrong = groupOn(freshStream(), { readBatchSize: 20, historyBufferSize: 20 });
    expect(await errorOf(wrong)).toBe('persistent-subscription-failed');
  });

  it('is listed with its source, and the list of a source without groups fails', async () => {
    const stream = await groupOn(freshStream());
    const [listed] = await test.client.listPersistentSubscriptionsToStream(stream);
    expect(listed).toMatchObject({ eventSource: stream, groupName: GROUP });
    const everything = await test.client.listAllPersistentSubscriptions();
    expect(everything.map(({ eventSource }) => eventSource)).toContain(stream);
    const none = await test.client
      .listPersistentSubscriptionsToStream('nope')
      .catch((error) => error);
    expect(none.message).toBe('5 NOT_FOUND: Subscription group  on stream nope does not exist.');
  });
});

describe('a consumer', () => {
  it('gets history and then what is new, in order', async () => {
    const stream = await groupOn(freshStream());
    await append(stream, 50);
    const recording = consume(stream);
    await recording.delivered(50);
    await append(stream, 10, 50);
    await recording.delivered(60);
    expect(recording.numbers).toEqual(Array.from({ length: 60 }, (_, n) => n));
    expect(recording.deliveries.every(({ retryCount }) => retryCount === 0)).toBe(true);
    await recording.stop();
  });

  it('starts at the revision given, that one included', async () => {
    const stream = freshStream();
    await append(stream, 5);
    await groupOn(stream, { startFrom: 3n });
    const recording = consume(stream);
    await recording.delivered(2);
    expect(recording.numbers).toEqual([3, 4]);
    await recording.stop();
  });

  it('from the end gets all that came after the group was made, connected or not', async () => {
    const stream = freshStream();
    await append(stream, 3);
    await groupOn(stream, { startFrom: END });
    await append(stream, 2, 3);
    const recording = consume(stream);
    await recording.delivered(2);
    expect(recording.numbers).toEqual([3, 4]);
    await recording.stop();
  });

  it('has no more in flight than its buffer, and room again for each answer', async () => {
    const stream = await groupOn(freshStream());
    await append(stream, 20);
    const recording = consume(stream, () => undefined, 4);
    await recording.delivered(4);
    await eventually(async () => (await info(stream)).stats.totalInFlightMessages === 4);
    expect(recording.deliveries).toHaveLength(4);
    await recording.subscription.ack(recording.deliveries[0]!.resolved);
    await recording.delivered(5);
    expect(recording.numbers).toEqual([0, 1, 2, 3, 4]);
    await recording.stop();
  });

  it('gets links followed when the group says so, and acknowledges the link', async () => {
    const [stream, links] = [freshStream(), freshStream()];
    await append(stream, 3);
    for (const n of [0, 1, 2]) {
      const data = Buffer.from(`${n}@${stream}`);
      await test.client.appendToStream(links, [binaryEvent({ type: '$>', data })]);
    }
    await groupOn(links, { resolveLinkTos: true });
    const recording = consume(links, undefined, 1);
    await recording.delivered(3);
    expect(recording.numbers).toEqual([0, 1, 2]);
    expect(recording.deliveries[2]?.resolved.link).toMatchObject({ streamId: links });
    await recording.stop();
  });

  it('may consume a system stream', async () => {
    const category = `c${process.pid}`;
    await append(`${category}-1`, 2);
    await groupOn(`$ce-${category}`, { resolveLinkTos: true });
    const recording = consume(`$ce-${category}`, undefined, 1);
    await append(`${category}-2`, 2, 2);
    await recording.delivered(4);
    expect(recording.numbers).toEqual([0, 1, 2, 3]);
    await recording.stop();
  });

  it('is turned away when the group has all it may have', async () => {
    const stream = await groupOn(freshStream(), { maxSubscriberCount: 1 });
    const first = consume(stream);
    await first.confirmed();
    const second = consume(stream);
    await second.until(() => second.error !== undefined);
    expect(second.error).toMatchObject({ type: 'maximum-subscribers-reached' });
    await first.stop();
  });

  it('shows in the info while it is connected', async () => {
    const stream = await groupOn(freshStream());
    const recording = consume(stream, undefined, 7);
    await recording.confirmed();
    const { connections } = await info(stream);
    expect(connections).toMatchObject([
      { username: 'system', availableSlots: 7, inFlightMessages: 0 },
    ]);
    expect(connections[0]?.connectionName).not.toBe('');
    await recording.stop();
    await eventually(async () => (await info(stream)).connections.length === 0);
  });
});

describe('an answer', () => {
  it('of retry brings the message again before others, counted, and parks it in the end', async () => {
    const stream = await groupOn(freshStream(), { maxRetryCount: 2 });
    await append(stream, 2);
    const recording = consume(
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
    await eventually(async () => (await info(stream)).stats.parkedMessageCount === 1n);
    await recording.stop();
  });

  it.each(['skip', 'stop'] as const)('of %s is the end of the message', async (action) => {
    const stream = await groupOn(freshStream());
    await append(stream, 3);
    const recording = consume(
      stream,
      ({ resolved }, subscription) => subscription.nack(action, '', resolved),
      1,
    );
    await recording.delivered(3);
    expect(recording.numbers).toEqual([0, 1, 2]);
    expect((await info(stream)).stats.parkedMessageCount).toBe(0n);
    await recording.stop();
  });

  it('of park puts it aside until it is replayed', async () => {
    const stream = await groupOn(freshStream());
    await append(stream, 3);
    let isParking = true;
    const recording = consume(stream, ({ resolved }, subscription) =>
      isParking ? subscription.nack('park', 'broken', resolved) : subscription.ack(resolved),
    );
    await eventually(async () => (await info(stream)).stats.parkedMessageCount === 3n);
    const parked = await all(
      test.client.readStream(`$persistentsubscription-${stream}::${GROUP}-parked`),
    );
    expect(Buffer.from(parked[1]?.event?.data as Uint8Array).toString()).toBe(`1@${stream}`);
    expect(parked[1]?.event?.metadata).toMatchObject({ reason: 'broken' });

    isParking = false;
    await test.client.replayParkedMessagesToStream(stream, GROUP, { stopAt: 2 });
    await recording.delivered(5);
    expect(recording.numbers).toEqual([0, 1, 2, 0, 1]);
    expect(recording.deliveries[3]).toMatchObject({
      retryCount: 0,
      resolved: { link: { revision: 0n } },
    });
    expect((await info(stream)).stats.parkedMessageCount).toBe(1n);
    await test.client.replayParkedMessagesToStream(stream, GROUP);
    await recording.delivered(6);
    expect(recording.numbers.at(-1)).toBe(2);
    await test.client.replayParkedMessagesToStream(stream, GROUP);
    await recording.stop();
  });

  it('that does not come in time brings the message again', async () => {
    const stream = await groupOn(freshStream(), { messageTimeout: 0 });
    await append(stream, 1);
    const recording = consume(stream, ({ retryCount, resolved }, subscription) =>
      retryCount > 0 ? subscription.ack(resolved) : undefined,
    );
    await recording.delivered(2);
    expect(recording.deliveries.map(({ retryCount }) => retryCount)).toEqual([0, 1]);
    await recording.stop();
  });
});

describe('several consumers', () => {
  it('take turns', async () => {
    const stream = await groupOn(freshStream());
    const consumers = [consume(stream), consume(stream)];
    for (const consumer of consumers) await consumer.confirmed();
    await append(stream, 20);
    for (const consumer of consumers) await consumer.delivered(10);
    expect(consumers.map(({ deliveries }) => deliveries.length)).toEqual([10, 10]);
    for (const consumer of consumers) await consumer.stop();
  });

  it('are filled one after the other with DispatchToSingle', async () => {
    const stream = await groupOn(freshStream(), { consumerStrategyName: 'DispatchToSingle' });
    const consumers = [consume(stream, () => undefined, 5), consume(stream, () => undefined, 5)];
    for (const consumer of consumers) await consumer.confirmed();
    await append(stream, 7);
    await consumers[0]?.delivered(5);
    await consumers[1]?.delivered(2);
    expect(consumers.map(({ deliveries }) => deliveries.length)).toEqual([5, 2]);
    for (const consumer of consumers) await consumer.stop();
  });

  it('get the events of one stream on one consumer with Pinned', async () => {
    const category = `pinned${process.pid}`;
    await groupOn(`$ce-${category}`, { consumerStrategyName: 'Pinned', resolveLinkTos: true });
    const consumers = [consume(`$ce-${category}`), consume(`$ce-${category}`)];
    for (const consumer of consumers) await consumer.confirmed();
    for (let n = 0; n < 60; n++) await append(`${category}-${n % 12}`, 1, n);
    const total = () => consumers.reduce((sum, { deliveries }) => sum + deliveries.length, 0);
    await eventually(async () => {
      await info(`$ce-${category}`);
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
    const stream = await groupOn(freshStream());
    await append(stream, 5);
    const leaving = consume(stream, () => undefined);
    await leaving.delivered(5);
    const staying = consume(stream);
    await staying.confirmed();
    await leaving.stop();
    await staying.delivered(5);
    expect(staying.numbers).toEqual([0, 1, 2, 3, 4]);
    expect(staying.deliveries.every(({ retryCount }) => retryCount === 1)).toBe(true);
    await staying.stop();
  });
});

describe('a change of the group', () => {
  it.each([
    [
      'an update',
      (s: string) =>
        test.client.updatePersistentSubscriptionToStream(s, GROUP, settings({ maxRetryCount: 1 })),
    ],
    ['a deletion', (s: string) => test.client.deletePersistentSubscriptionToStream(s, GROUP)],
    ['a restart of the subsystem', () => test.client.restartPersistentSubscriptionSubsystem()],
  ])('drops the consumers: %s', async (_, change) => {
    const stream = await groupOn(freshStream());
    const recording = consume(stream);
    await recording.confirmed();
    await change(stream);
    await recording.until(() => recording.error !== undefined);
    expect(recording.error).toMatchObject({
      type: 'persistent-subscription-dropped',
      groupName: encodeURI(GROUP).replaceAll('%20', ' '),
    });
  });

  it('keeps the checkpoint through an update', async () => {
    const stream = await groupOn(freshStream(), {
      checkPointLowerBound: 1,
      checkPointUpperBound: 2,
    });
    await append(stream, 5);
    const before = consume(stream, undefined, 1);
    await before.delivered(5);
    await eventually(
      async () => (await info(stream)).stats.lastCheckpointedEventRevision !== undefined,
    );
    await eventually(async () => (await info(stream)).stats.lastCheckpointedEventRevision === 4n);
    await test.client.updatePersistentSubscriptionToStream(
      stream,
      GROUP,
      settings({ startFrom: START }),
    );
    const after = consume(stream);
    await after.confirmed();
    await append(stream, 1, 5);
    await after.delivered(1);
    expect(after.numbers).toEqual([5]);
    await after.stop();
  });

  it('lets a deleted group begin anew', async () => {
    const stream = await groupOn(freshStream(), {
      checkPointLowerBound: 1,
      checkPointUpperBound: 1,
    });
    await append(stream, 2);
    const before = consume(stream);
    await before.delivered(2);
    await eventually(async () => (await info(stream)).stats.lastCheckpointedEventRevision === 1n);
    await before.stop();
    await test.client.deletePersistentSubscriptionToStream(stream, GROUP);
    await groupOn(stream);
    expect((await info(stream)).stats.lastCheckpointedEventRevision).toBeUndefined();
    const after = consume(stream);
    await after.delivered(2);
    expect(after.numbers).toEqual([0, 1]);
    await after.stop();
  });
});

describe('a group on $all', () => {
  it('starts at the position given and keeps to its filter', async () => {
    const category = `filtered${process.pid}`;
    const { position } = await append(`${category}-1`, 1);
    await test.client.createPersistentSubscriptionToAll(
      `all-${category}`,
      allSettings({ startFrom: position ?? START }),
      { filter: streamNameFilter({ prefixes: [category] }) },
    );
    await append(freshStream(), 3, 100);
    await append(`${category}-2`, 1, 1);
    const recording = new GroupRecording(
      test.client.subscribeToPersistentSubscriptionToAll(`all-${category}`),
    );
    await recording.delivered(2);
    expect(recording.numbers).toEqual([0, 1]);
    const { settings: told } = await test.client.getPersistentSubscriptionToAllInfo(
      `all-${category}`,
    );
    expect(told).toEqual(allSettings({ startFrom: position ?? START }));
    await recording.stop();
  });

  it('from the end gets the event that records it, and what follows', async () => {
    const name = `end-${process.pid}`;
    await test.client.createPersistentSubscriptionToAll(name, allSettings({ startFrom: END }));
    const recording = new GroupRecording(
      test.client.subscribeToPersistentSubscriptionToAll(name, { bufferSize: 100 }),
    );
    const stream = freshStream();
    await recording.confirmed();
    await append(stream, 1);
    await recording.until(() => recording.numbers.includes(0));
    expect(recording.deliveries[0]?.resolved.event).toMatchObject({
      streamId: '$persistentSubscriptionConfig',
      type: '$PersistentConfig',
    });
    await recording.stop();
  });

  it('does not feed on its own checkpoints', async () => {
    const name = `quiet-${process.pid}`;
    await test.client.createPersistentSubscriptionToAll(
      name,
      allSettings({
        startFrom: START,
        checkPointLowerBound: 1,
        checkPointUpperBound: 1,
        checkPointAfter: 10,
      }),
      { filter: excludeSystemEvents() },
    );
    const recording = new GroupRecording(
      test.client.subscribeToPersistentSubscriptionToAll(name, { bufferSize: 100 }),
    );
    const stream = freshStream();
    await append(stream, 3, 1_000);
    await recording.until(() => recording.numbers.includes(1_002));
    const seen = recording.deliveries.map(({ resolved }) => resolved.event?.streamId ?? '');
    expect(seen.filter((s) => s.startsWith('$persistentsubscription-$all'))).toEqual([]);
    await recording.stop();
  });

  it('is refused beyond the end of the log', async () => {
    const startFrom = { commit: 1_000_000_000n, prepare: 1_000_000_000n };
    const wrong = test.client.createPersistentSubscriptionToAll(
      'beyond',
      allSettings({ startFrom }),
    );
    expect(await errorOf(wrong)).toBe('persistent-subscription-failed');
  });
});

describe('a restart', () => {
  it('keeps groups, their progress and what they put aside', async () => {
    const own = await startTestServer();
    const stream = freshStream();
    await own.client.createPersistentSubscriptionToStream(
      stream,
      GROUP,
      settings({ startFrom: START, checkPointLowerBound: 1, checkPointUpperBound: 1 }),
    );
    await own.client.appendToStream(stream, [event(0), event(1), event(2)]);
    const before = new GroupRecording(
      own.client.subscribeToPersistentSubscriptionToStream(stream, GROUP),
      ({ n, resolved }, subscription) =>
        n === 1 ? subscription.nack('park', '', resolved) : subscription.ack(resolved),
    );
    await before.delivered(3);
    await eventually(async () => {
      const { stats } = await own.client.getPersistentSubscriptionToStreamInfo(stream, GROUP);
      return stats.lastCheckpointedEventRevision === 2n && stats.parkedMessageCount === 1n;
    });
    await own.restart();
    await all(own.client.readAll({ maxCount: 1 })).catch(() => undefined);
    const told = await own.client.getPersistentSubscriptionToStreamInfo(stream, GROUP);
    expect(told.stats).toMatchObject({
      lastCheckpointedEventRevision: 2n,
      parkedMessageCount: 1n,
    });
    await own.client.appendToStream(stream, [event(3)]);
    const after = new GroupRecording(
      own.client.subscribeToPersistentSubscriptionToStream(stream, GROUP),
    );
    await after.delivered(1);
    expect(after.numbers).toEqual([3]);
    await after.stop();
    await own.stop();
  });
});

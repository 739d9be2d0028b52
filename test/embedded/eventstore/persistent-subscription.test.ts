import {
  binaryEvent,
  END,
  persistentSubscriptionToStreamSettingsFromDefaults as settings,
} from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../../support/until.js';
import { errorOf, freshStream } from './support/events.js';
import { groupTools, testGroup } from './support/group-tools.js';
import { startTestServer, type TestServer } from './support/server.js';

let test: TestServer;
let tools: ReturnType<typeof groupTools>;
beforeAll(async () => {
  test = await startTestServer();
  tools = groupTools(test);
});
afterAll(() => test.stop());

describe('a group', () => {
  it('tells back exactly the settings it was made with', async () => {
    const stream = await tools.groupOn(freshStream(), { maxRetryCount: 3, startFrom: 7n });
    const { settings: told, groupName, eventSource } = await tools.info(stream);
    expect(told).toEqual(settings({ maxRetryCount: 3, startFrom: 7n }));
    expect({ groupName, eventSource }).toEqual({ groupName: testGroup, eventSource: stream });
  });

  it('cannot be made twice', async () => {
    const stream = await tools.groupOn(freshStream());
    const failure = await tools.groupOn(stream).catch((error) => error);
    expect(failure).toMatchObject({ type: 'persistent-subscription-exists' });
  });

  it.each([
    ['get info of', (s: string) => tools.info(s)],
    [
      'update',
      (s: string) => test.client.updatePersistentSubscriptionToStream(s, testGroup, settings()),
    ],
    ['delete', (s: string) => test.client.deletePersistentSubscriptionToStream(s, testGroup)],
    ['replay', (s: string) => test.client.replayParkedMessagesToStream(s, testGroup)],
  ])('must be there to %s it', async (_, call) => {
    const failure = await call('nope').catch((error) => error);
    expect(failure).toMatchObject({ type: 'persistent-subscription-does-not-exist' });
    expect(failure.message).toBe(
      `5 NOT_FOUND: Subscription group ${testGroup} on stream nope does not exist.`,
    );
  });

  it('must be there to consume from it', async () => {
    const recording = tools.consume('nope');
    await recording.until(() => recording.error !== undefined);
    expect(recording.error).toMatchObject({ type: 'persistent-subscription-does-not-exist' });
  });

  it('is refused when the read batch is not smaller than the history buffer', async () => {
    const wrong = tools.groupOn(freshStream(), { readBatchSize: 20, historyBufferSize: 20 });
    expect(await errorOf(wrong)).toBe('persistent-subscription-failed');
  });

  it('is listed with its source, and the list of a source without groups fails', async () => {
    const stream = await tools.groupOn(freshStream());
    const [listed] = await test.client.listPersistentSubscriptionsToStream(stream);
    expect(listed).toMatchObject({ eventSource: stream, groupName: testGroup });
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
    const stream = await tools.groupOn(freshStream());
    await tools.append(stream, 50);
    const recording = tools.consume(stream);
    await recording.delivered(50);
    await tools.append(stream, 10, 50);
    await recording.delivered(60);
    expect(recording.numbers).toEqual(Array.from({ length: 60 }, (_, n) => n));
    expect(recording.deliveries.every(({ retryCount }) => retryCount === 0)).toBe(true);
    await recording.stop();
  });

  it('starts at the revision given, that one included', async () => {
    const stream = freshStream();
    await tools.append(stream, 5);
    await tools.groupOn(stream, { startFrom: 3n });
    const recording = tools.consume(stream);
    await recording.delivered(2);
    expect(recording.numbers).toEqual([3, 4]);
    await recording.stop();
  });

  it('from the end gets all that came after the group was made, connected or not', async () => {
    const stream = freshStream();
    await tools.append(stream, 3);
    await tools.groupOn(stream, { startFrom: END });
    await tools.append(stream, 2, 3);
    const recording = tools.consume(stream);
    await recording.delivered(2);
    expect(recording.numbers).toEqual([3, 4]);
    await recording.stop();
  });

  it('has no more in flight than its buffer, and room again for each answer', async () => {
    const stream = await tools.groupOn(freshStream());
    await tools.append(stream, 20);
    const recording = tools.consume(stream, () => undefined, 4);
    await recording.delivered(4);
    await until(async () => (await tools.info(stream)).stats.totalInFlightMessages === 4);
    expect(recording.deliveries).toHaveLength(4);
    await recording.subscription.ack(recording.deliveries[0]!.resolved);
    await recording.delivered(5);
    expect(recording.numbers).toEqual([0, 1, 2, 3, 4]);
    await recording.stop();
  });

  it('gets links followed when the group says so, and acknowledges the link', async () => {
    const [stream, links] = [freshStream(), freshStream()];
    await tools.append(stream, 3);
    for (const n of [0, 1, 2]) {
      const data = Buffer.from(`${n}@${stream}`);
      await test.client.appendToStream(links, [binaryEvent({ type: '$>', data })]);
    }
    await tools.groupOn(links, { resolveLinkTos: true });
    const recording = tools.consume(links, undefined, 1);
    await recording.delivered(3);
    expect(recording.numbers).toEqual([0, 1, 2]);
    expect(recording.deliveries[2]?.resolved.link).toMatchObject({ streamId: links });
    await recording.stop();
  });

  it('may consume a system stream', async () => {
    const category = `c${process.pid}`;
    await tools.append(`${category}-1`, 2);
    await tools.groupOn(`$ce-${category}`, { resolveLinkTos: true });
    const recording = tools.consume(`$ce-${category}`, undefined, 1);
    await tools.append(`${category}-2`, 2, 2);
    await recording.delivered(4);
    expect(recording.numbers).toEqual([0, 1, 2, 3]);
    await recording.stop();
  });

  it('is turned away when the group has all it may have', async () => {
    const stream = await tools.groupOn(freshStream(), { maxSubscriberCount: 1 });
    const first = tools.consume(stream);
    await first.confirmed();
    const second = tools.consume(stream);
    await second.until(() => second.error !== undefined);
    expect(second.error).toMatchObject({ type: 'maximum-subscribers-reached' });
    await first.stop();
  });

  it('shows in the info while it is connected', async () => {
    const stream = await tools.groupOn(freshStream());
    const recording = tools.consume(stream, undefined, 7);
    await recording.confirmed();
    const { connections } = await tools.info(stream);
    expect(connections).toMatchObject([
      { username: 'system', availableSlots: 7, inFlightMessages: 0 },
    ]);
    expect(connections[0]?.connectionName).not.toBe('');
    await recording.stop();
    await until(async () => (await tools.info(stream)).connections.length === 0);
  });
});

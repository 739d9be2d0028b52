import {
  persistentSubscriptionToAllSettingsFromDefaults as allSettings,
  END,
  START,
  persistentSubscriptionToStreamSettingsFromDefaults as settings,
  streamNameFilter,
} from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../../support/until.js';
import { all, errorOf, event, freshStream } from './support/events.js';
import { GroupRecording } from './support/group-recording.js';
import { groupTools, testGroup } from './support/group-tools.js';
import { startTestServer, type TestServer } from './support/server.js';

let test: TestServer;
let tools: ReturnType<typeof groupTools>;
beforeAll(async () => {
  test = await startTestServer();
  tools = groupTools(test);
});
afterAll(() => test.stop());

describe('a change of the group', () => {
  it.each([
    [
      'an update',
      (s: string) =>
        test.client.updatePersistentSubscriptionToStream(
          s,
          testGroup,
          settings({ maxRetryCount: 1 }),
        ),
    ],
    ['a deletion', (s: string) => test.client.deletePersistentSubscriptionToStream(s, testGroup)],
    ['a restart of the subsystem', () => test.client.restartPersistentSubscriptionSubsystem()],
  ])('drops the consumers: %s', async (_, change) => {
    const stream = await tools.groupOn(freshStream());
    const recording = tools.consume(stream);
    await recording.confirmed();
    await change(stream);
    await recording.until(() => recording.error !== undefined);
    expect(recording.error).toMatchObject({
      type: 'persistent-subscription-dropped',
      groupName: encodeURI(testGroup).replaceAll('%20', ' '),
    });
  });

  it('keeps the checkpoint through an update', async () => {
    const stream = await tools.groupOn(freshStream(), {
      checkPointLowerBound: 1,
      checkPointUpperBound: 2,
    });
    await tools.append(stream, 5);
    const before = tools.consume(stream, undefined, 1);
    await before.delivered(5);
    await until(async () => (await tools.info(stream)).stats.lastCheckpointedEventRevision === 4n);
    await test.client.updatePersistentSubscriptionToStream(
      stream,
      testGroup,
      settings({ startFrom: START }),
    );
    const after = tools.consume(stream);
    await after.confirmed();
    await tools.append(stream, 1, 5);
    await after.delivered(1);
    expect(after.numbers).toEqual([5]);
    await after.stop();
  });

  it('lets a deleted group begin anew', async () => {
    const stream = await tools.groupOn(freshStream(), {
      checkPointLowerBound: 1,
      checkPointUpperBound: 1,
    });
    await tools.append(stream, 2);
    const before = tools.consume(stream);
    await before.delivered(2);
    await until(async () => (await tools.info(stream)).stats.lastCheckpointedEventRevision === 1n);
    await before.stop();
    await test.client.deletePersistentSubscriptionToStream(stream, testGroup);
    await tools.groupOn(stream);
    expect((await tools.info(stream)).stats.lastCheckpointedEventRevision).toBeUndefined();
    const after = tools.consume(stream);
    await after.delivered(2);
    expect(after.numbers).toEqual([0, 1]);
    await after.stop();
  });
});

describe('a group on $all', () => {
  it('starts at the position given and keeps to its filter', async () => {
    const category = `filtered${process.pid}`;
    const { position } = await tools.append(`${category}-1`, 1);
    await test.client.createPersistentSubscriptionToAll(
      `all-${category}`,
      allSettings({ startFrom: position ?? START }),
      { filter: streamNameFilter({ prefixes: [category] }) },
    );
    await tools.append(freshStream(), 3, 100);
    await tools.append(`${category}-2`, 1, 1);
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
    await tools.append(stream, 1);
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
      allSettings({ startFrom: END, checkPointLowerBound: 1, checkPointUpperBound: 1 }),
    );
    const recording = new GroupRecording(
      test.client.subscribeToPersistentSubscriptionToAll(name, { bufferSize: 100 }),
    );
    const stream = freshStream();
    await tools.append(stream, 3, 1_000);
    const checkpoints = `$persistentsubscription-$all::${name}-checkpoint`;
    await until(() =>
      all(test.client.readStream(checkpoints)).then(
        () => true,
        () => false,
      ),
    );
    await tools.append(stream, 1, 1_003);
    await recording.until(() => recording.numbers.includes(1_003));
    const seen = recording.deliveries.map(({ resolved }) => resolved.event?.streamId);
    expect(seen).not.toContain(checkpoints);
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
      testGroup,
      settings({ startFrom: START, checkPointLowerBound: 1, checkPointUpperBound: 1 }),
    );
    await own.client.appendToStream(stream, [event(0), event(1), event(2)]);
    const before = new GroupRecording(
      own.client.subscribeToPersistentSubscriptionToStream(stream, testGroup),
      ({ n, resolved }, subscription) =>
        n === 1 ? subscription.nack('park', '', resolved) : subscription.ack(resolved),
    );
    await before.delivered(3);
    await until(async () => {
      const { stats } = await own.client.getPersistentSubscriptionToStreamInfo(stream, testGroup);
      return stats.lastCheckpointedEventRevision === 2n && stats.parkedMessageCount === 1n;
    });
    await own.restart();
    await all(own.client.readAll({ maxCount: 1 })).catch(() => undefined);
    const told = await own.client.getPersistentSubscriptionToStreamInfo(stream, testGroup);
    expect(told.stats).toMatchObject({
      lastCheckpointedEventRevision: 2n,
      parkedMessageCount: 1n,
    });
    await own.client.appendToStream(stream, [event(3)]);
    const after = new GroupRecording(
      own.client.subscribeToPersistentSubscriptionToStream(stream, testGroup),
    );
    await after.delivered(1);
    expect(after.numbers).toEqual([3]);
    await after.stop();
    await own.stop();
  });
});

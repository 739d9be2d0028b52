import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Consumer } from '../../../src/embedded/eventstore/persistent/consumer.js';
import type { PersistentGroup } from '../../../src/embedded/eventstore/persistent/group.js';
import {
  checkpointStream,
  type GroupSettings,
  parkedStream,
} from '../../../src/embedded/eventstore/persistent/group-config.js';
import { Groups } from '../../../src/embedded/eventstore/persistent/groups.js';
import { openStore, type Store } from '../../../src/embedded/eventstore/storage/store.js';
import { removeFolder, temporaryFolder } from '../../support/program.js';
import { until } from '../../support/until.js';
import { filledStream, fillStore } from './support/fill.js';

const source = filledStream(0);
const settings: GroupSettings = {
  ...{ resolveLinks: false, extraStatistics: false, strategy: 'RoundRobin', startFrom: 'start' },
  ...{ messageTimeoutMs: 30_000, maxRetryCount: 10, maxSubscriberCount: 0 },
  ...{ checkpointAfterMs: 60_000, minCheckpointCount: 2, maxCheckpointCount: 2 },
  ...{ liveBufferSize: 100, readBatchSize: 10, historyBufferSize: 100 },
};

let folder: string;
let store: Store;
let groups: Groups;
let group: PersistentGroup;
let consumer: Consumer;
const ids: string[] = [];

beforeEach(async () => {
  folder = await temporaryFolder();
  await fillStore(folder, { events: 10, streams: 1 });
  store = await openStore(folder);
  groups = new Groups(store);
  await groups.create(source, 'late', settings);
  group = groups.get(source, 'late')!;
  ids.length = 0;
  const send = ({ entry }: { entry: { id: string } }) => ids.push(entry.id);
  consumer = new Consumer('late', 'here', 10, send, () => undefined);
  group.connect(consumer);
  await until(() => ids.length === 10);
});
afterEach(async () => {
  groups.close();
  await store.close();
  await removeFolder(folder);
});

/** Resolves once everything is written that was to be written before. */
const written = () => store.writer.submit(() => undefined);

describe('what a consumer says that has left', () => {
  it('makes no checkpoint for a group that was deleted', async () => {
    group.ack(consumer, [ids[0]!]);
    await groups.delete(source, 'late');
    group.ack(consumer, [ids[1]!]);
    await written();
    expect(store.reader.exists(checkpointStream(group.config))).toBe(false);
  });

  it('does not put aside what others are given', async () => {
    group.disconnect(consumer);
    group.nack(consumer, [ids[0]!], 'park', 'late');
    await written();
    expect(store.reader.exists(parkedStream(group.config))).toBe(false);
    expect(group.counts.retries).toBe(10);
  });
});

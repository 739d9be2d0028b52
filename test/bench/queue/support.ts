import { v7 as newId } from 'uuid';
import { schemaVersion } from '../../../src/eventstore/codec.js';
import { connectEventStore } from '../../../src/eventstore/db-client-event-store.js';
import { ask, send } from '../../support/api.js';
import {
  removeFolder,
  startProgram,
  startSharedStores,
  temporaryFolder,
} from '../../support/program.js';

/** The program and its stores, each a process of its own. */
export type Bench = Readonly<{
  url: string;
  eventStoreUrl: string;
  pid: number;
  stop(): Promise<void>;
}>;

export const startBench = async (): Promise<Bench> => {
  const folder = await temporaryFolder();
  const stores = await startSharedStores(folder);
  const program = await startProgram(folder, stores.settings);
  return {
    ...{ url: program.url, eventStoreUrl: stores.eventStoreUrl, pid: program.process.pid ?? 0 },
    stop: async () => {
      await program.stop();
      await stores.stop();
      await removeFolder(folder);
    },
  };
};

const atOnce = 256;
const patienceMs = 30 * 60_000;

/** Puts tasks in a queue by appending their first events, and waits until the read model has them. */
export const fill = async (bench: Bench, queue: string, count: number): Promise<void> => {
  const store = connectEventStore(bench.eventStoreUrl);
  let begun = 0;
  let newest = 0;
  const writer = async () => {
    while (begun < count) {
      begun += 1;
      const id = newId();
      const data = {
        ...{ userId: 'local', type: 'send', queue, priority: begun % 10, payload: { n: begun } },
        ...{ maxAttempts: 3, timeoutSeconds: 300 },
      };
      const metadata = {
        ...{ $correlationId: id, $causationId: id, commandId: id, requestId: 'bench' },
        ...{ userId: 'local', ownerId: 'local', schemaVersion },
      };
      const event = { id: newId(), type: 'TaskSubmitted', data, metadata };
      const { position } = await store.append(`task-${id}`, [event], 'none');
      newest = Math.max(newest, position);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, writer));
  await store.close();
  const giveUp = Date.now() + patienceMs;
  for (;;) {
    const { items } = await ask(bench.url, '/v1/projections');
    const behind = (items as readonly { name: string; position: string }[]).filter(
      ({ name, position }) => ['tasks', 'queues'].includes(name) && Number(position) < newest,
    );
    if (behind.length === 0) return;
    if (Date.now() > giveUp) throw new Error('the read models did not catch up');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
};

export const claimFrom = async (url: string, queue: string, max = 1) =>
  (await send(url, `/v1/queues/${queue}/claim`, { workerId: 'bench', max })).items as readonly {
    id: string;
    leaseToken: string;
  }[];

/** The value below which a share of the values lies. */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
};

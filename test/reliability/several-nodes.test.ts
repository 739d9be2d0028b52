import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectAsRebuilt } from '../projecting/support/documents.js';
import { connectStores, type StoreClients } from '../projecting/support/stores.js';
import { ask, send } from '../support/api.js';
import {
  type Program,
  removeFolder,
  type SharedStores,
  startProgram,
  startSharedStores,
  temporaryFolder,
} from '../support/program.js';
import { until } from '../support/until.js';
import { type Load, startLoad } from './support/load.js';

type LeaseDocument = Readonly<{ term: number; heldUntil: number }>;

let folder: string;
let stores: SharedStores;
let clients: StoreClients;
/** The one that was started first keeps the read models up to date first. */
let nodes: Program[] = [];
const started: Program[] = [];
/** Which of the nodes have said, in this order, that they do since they were started. */
const holders: Program[] = [];
/** Which have said that another took over from them. */
const retired: Program[] = [];
let load: Load;

const settings = () => ({ ...stores.settings, LOG_LEVEL: 'info', LOG_FORMAT: 'json' });

const startNode = async (): Promise<Program> => {
  const node = await startProgram(folder, settings());
  started.push(node);
  node.process.stderr?.on('data', (chunk) => {
    if (String(chunk).includes('keeps the read models up to date')) holders.push(node);
    if (String(chunk).includes('another node has taken over')) retired.push(node);
  });
  return node;
};

beforeAll(async () => {
  folder = await temporaryFolder();
  stores = await startSharedStores(folder);
  clients = await connectStores(stores.eventStoreUrl, stores.mongoUrl);
  const first = await startNode();
  nodes = [first, ...(await Promise.all([startNode(), startNode()]))];
  load = startLoad(() => nodes.map(({ url }) => url));
});
afterAll(async () => {
  await load.stop();
  for (const node of started) await node.kill();
  await clients.close();
  await stores.stop();
  await removeFolder(folder);
});

const lease = async (): Promise<LeaseDocument> => {
  const found = await clients.db.collection('projection_leases').findOne();
  return found as unknown as LeaseDocument;
};

/** Writes on one node and reads it on all of them, until they have it. @returns how long that took, in milliseconds */
const untilSeen = async (): Promise<number> => {
  const began = performance.now();
  const { id, position } = await send(nodes[0]!.url, '/v1/sessions', { title: 'After' });
  for (const { url } of nodes)
    await until(() =>
      ask(url, `/v1/sessions/${id}?after=${position}`).then(
        () => true,
        () => false,
      ),
    );
  return performance.now() - began;
};

describe('several nodes on shared stores', () => {
  it('lose and miss nothing when the one that keeps the read models is killed', async () => {
    await load.more(30);
    expect(await lease()).toMatchObject({ term: 1 });
    const [killed] = nodes;
    nodes = nodes.slice(1);
    await killed!.kill();
    const tookMs = await untilSeen();
    expect(await lease()).toMatchObject({ term: 2 });
    // Ten seconds are promised; this machine may have other things to do.
    expect(tookMs).toBeLessThan(40_000);
    await load.more(30);
    expect(load.missed).toEqual([]);
  }, 120_000);

  it('go on at once when it ends, and make room for one more', async () => {
    nodes.push(await startNode());
    await until(() => holders.length === 1);
    const ending = holders[0]!;
    nodes = nodes.filter((node) => node !== ending);
    await load.more(10);
    expect(await ending.stop()).toBe(0);
    await untilSeen();
    expect(await lease()).toMatchObject({ term: 3 });
    await load.more(10);
    expect(load.missed).toEqual([]);
  }, 120_000);

  it('are not disturbed by one that stood still beyond its lease', async () => {
    await until(() => holders.length === 2);
    const sleeper = holders[1]!;
    nodes = nodes.filter((node) => node !== sleeper);
    await load.more(10);
    sleeper.process.kill('SIGSTOP');
    await untilSeen();
    expect(await lease()).toMatchObject({ term: 4 });
    const [awake] = nodes;
    for (const { sessionId } of load.acknowledged.slice(-5))
      await fetch(`${awake!.url}/v1/sessions/${sessionId}?hard=true`, { method: 'DELETE' });
    await load.more(30);

    sleeper.process.kill('SIGCONT');
    await until(() => retired.includes(sleeper));
    nodes = [sleeper, ...nodes];
    await untilSeen();
    await load.more(30);
    await load.stop();
    expect(await lease()).toMatchObject({ term: 4 });
    expect(load.missed).toEqual([]);

    for (const node of nodes.splice(0)) expect(await node.stop()).toBe(0);
    expect(await expectAsRebuilt(clients, 'anew')).toBeGreaterThan(100);
    // Some wrote to a session while it was deleted for good.
    const foreseen = [404, 409, 503, 504];
    expect(load.failed.filter(({ status }) => !foreseen.includes(status))).toEqual([]);
  }, 240_000);
});

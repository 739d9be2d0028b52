import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { collectionsOf } from '../../src/queries/collections.js';
import { expectAsRebuilt } from '../projecting/support/documents.js';
import { connectStores } from '../projecting/support/stores.js';
import { ask, type Json, send } from '../support/api.js';
import { Follower } from '../support/follower.js';
import {
  type Program,
  removeFolder,
  type SharedStore,
  startProgram,
  startSharedStore,
  temporaryFolder,
} from '../support/program.js';
import { until } from '../support/until.js';
import { type Load, startLoad } from './support/load.js';

/** For how long a store is away, in seconds. */
const awaySeconds = Number(process.env.FORKLINE_OUTAGE_SECONDS ?? 5);

type Which = 'eventstore' | 'mongodb';

let folder: string;
const stores = new Map<Which, SharedStore>();
let nodes: readonly Program[];
let follower: Follower;
let load: Load;

const startStore = async (which: Which): Promise<void> => {
  const before = stores.get(which);
  const port = Number(before ? new URL(before.url).port : 0);
  stores.set(which, await startSharedStore(which, folder, port));
};

const urlOf = (which: Which): string => stores.get(which)?.url ?? '';

beforeAll(async () => {
  folder = await temporaryFolder();
  await Promise.all([startStore('eventstore'), startStore('mongodb')]);
  const settings = { EVENTSTORE_URL: urlOf('eventstore'), MONGODB_URL: urlOf('mongodb') };
  nodes = await Promise.all(
    [1, 2].map(() => startProgram(folder, { ...settings, LOG_LEVEL: 'silent' })),
  );
  follower = new Follower(() => nodes[1]!.url);
  load = startLoad(() => nodes.map(({ url }) => url));
});
afterAll(async () => {
  follower.close();
  await load.stop();
  for (const node of nodes) await node.kill();
  for (const store of stores.values()) await store.stop();
  await removeFolder(folder);
});

/** Sends what a node may not be ready for yet. */
const sent = async (url: string, path: string, body: object): Promise<Json> => {
  let answer: Json | undefined;
  await until(async () => {
    answer = await send(url, path, body).catch((error: Error) => {
      expect(error.message).toMatch(awayStill);
      return undefined;
    });
    return answer !== undefined;
  });
  return answer ?? {};
};

const awayStill = /: 50[34] /;

/** Resolves once a node shows, when asked for what was there at a position, that something is so. */
const untilAnswered = (url: string, path: string, holds: (body: object) => boolean) =>
  until(() =>
    ask(url, path).then(holds, (error: Error) => {
      expect(error.message).toMatch(awayStill);
      return false;
    }),
  );

const isTask = (status: string) => (body: object) => 'status' in body && body.status === status;

describe.each<Which>(['eventstore', 'mongodb'])('when the %s dies and comes back', (which) => {
  it('nothing acknowledged is lost, and all goes on by itself', async () => {
    await load.more(20);
    const before = load.failed.length;
    // A deadline that passes while the store is away, and a task of a session that ends then.
    const { url } = nodes[0]!;
    const { id: delayed, position } = await sent(url, '/v1/tasks', {
      ...{ type: 'wait', queue: 'later' },
      notBefore: new Date(Date.now() + 2_000).toISOString(),
    });
    await ask(url, `/v1/tasks/${delayed}?after=${position}`);
    await stores.get(which)?.kill();
    await delay(awaySeconds * 1_000);
    // Who asks meanwhile is told to come again, however busy the machine is.
    await until(() => load.failed.length > before);
    await startStore(which);

    await load.more(40);
    for (const node of nodes)
      await untilAnswered(node.url, `/v1/tasks/${delayed}`, isTask('ready'));
    const { id: session } = await sent(url, '/v1/sessions', { title: 'Ends' });
    const work = { type: 'work', queue: 'open', sessionId: session };
    const { id: task, position: submitted } = await sent(url, '/v1/tasks', work);
    await sent(url, `/v1/sessions/${session}/terminate`, { reason: 'over' });
    for (const node of nodes)
      await untilAnswered(node.url, `/v1/tasks/${task}?after=${submitted}`, isTask('cancelled'));

    const failed = load.failed.slice(before);
    expect(failed.filter(({ status }) => ![503, 504].includes(status))).toEqual([]);
    expect(failed.filter(({ retryAfter }) => retryAfter === null)).toEqual([]);
    expect(load.missed).toEqual([]);
    expect(nodes.map((node) => node.process.exitCode)).toEqual([null, null]);
  }, 240_000);
});

describe('after both', () => {
  it('every acknowledged write is in its stream, in the read models and in the feed', async () => {
    await load.stop();
    const last = Math.max(...load.acknowledged.map(({ position }) => position));
    await follower.seen(last);
    const seen = follower.events.map(({ position }) => Number(position));
    expect(new Set(seen).size).toBe(seen.length);
    const clients = await connectStores(urlOf('eventstore'), urlOf('mongodb'));
    const messages = await collectionsOf(clients.db).messages.find({ to: null }).toArray();
    const shown = new Set(messages.map(({ messageId }) => messageId));
    const heard = new Set(follower.events.map(({ data }) => data.messageId as string));
    expect(load.acknowledged.filter(({ id }) => !shown.has(id))).toEqual([]);
    expect(load.acknowledged.filter(({ id }) => !heard.has(id))).toEqual([]);
    for (const node of nodes) expect(await node.stop()).toBe(0);
    expect(await expectAsRebuilt(clients, 'anew')).toBeGreaterThan(100);
    await clients.close();
  }, 120_000);
});

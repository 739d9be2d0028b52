import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Json } from '../support/api.js';
import { ask, send } from '../support/api.js';
import { Follower } from '../support/follower.js';
import {
  type Program,
  removeFolder,
  type SharedStores,
  startProgram,
  startSharedStores,
  temporaryFolder,
} from '../support/program.js';
import { FeedClient } from './support/feed-client.js';
import { SseClient } from './support/sse-client.js';

let folder: string;
let stores: SharedStores;
const nodes: Program[] = [];
beforeAll(async () => {
  folder = await temporaryFolder();
  stores = await startSharedStores(folder);
  nodes.push(...(await Promise.all([startNode(), startNode()])));
}, 60_000);
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  await stores.stop();
  await removeFolder(folder);
});

const startNode = (): Promise<Program> => startProgram(folder, stores.settings);

const urlOf = (n: number): string => nodes[n]?.url ?? '';
const portOf = (n: number): number => Number(new URL(urlOf(n)).port);

const sendAs = (
  user: string,
  method: string,
  [url, path]: readonly [string, string],
  body: object,
): Promise<Json> =>
  ask(url, path, {
    method,
    headers: { 'content-type': 'application/json', 'x-user-id': user },
    body: JSON.stringify(body),
  });

const whereOf = ({ stream, revision }: Json): string => `${stream}@${revision}`;

describe('with two nodes on the same stores', () => {
  it('a client that loses its node goes on at the other, with nothing lost and nothing twice', async () => {
    const { id } = await send(urlOf(1), '/v1/sessions', { title: 'Long' });
    await send(urlOf(1), `/v1/sessions/${id}/transitions`, { status: 'active' });
    let current = 0;
    const followers = Array.from({ length: 5 }, () => new Follower(() => urlOf(current)));
    const sse = [await SseClient.connect(portOf(0), 'local', 'from=start')];
    let position = 0;
    const say = async (times: number): Promise<void> => {
      for (let n = 0; n < times; n++) {
        const message = { role: 'user', content: `message ${n}` };
        const said = await send(urlOf(1), `/v1/sessions/${id}/messages`, message);
        position = Number(said.position);
      }
    };
    await say(20);
    await Promise.all(followers.map((follower) => follower.seen(position)));
    await sse[0]?.until((client) => Number(client.lastId()) >= position);

    // Killed while more is said, which goes to whoever is still connected.
    const saying = say(40);
    await followers[0]?.seen(position + 1);
    current = 1;
    await nodes[0]?.kill();
    const back = { 'last-event-id': sse[0]?.lastId() ?? '' };
    sse.push(await SseClient.connect(portOf(1), 'local', 'from=start', back));
    await saying;
    const whole = new Follower(() => urlOf(1));
    await Promise.all([whole, ...followers].map((follower) => follower.seen(position)));
    await sse[1]?.until((client) => Number(client.lastId()) >= position);

    const events = whole.events.map(whereOf);
    expect(events.filter((where) => where.startsWith(`session-${id}@`))).toHaveLength(62);
    for (const follower of followers) {
      expect(follower.events.map(whereOf)).toEqual(events);
      follower.close();
    }
    expect(sse.flatMap((client) => client.events().map(whereOf))).toEqual(events);
    whole.close();
    for (const client of sse) client.end();
    nodes[0] = await startNode();
  }, 120_000);

  it("tells of a fork what is the fork's own, to its owner and to administrators", async () => {
    const [one, other] = [urlOf(0), urlOf(1)];
    const { stream } = await sendAs('ann', 'POST', [one, '/v1/sessions'], { title: 'One way' });
    const forks = `/v1/streams/${stream}/forks`;
    const forked = await sendAs('ann', 'POST', [other, forks], { at: 0 });
    const fork = `/v1/sessions/${forked.id}`;
    const { position } = await sendAs('ann', 'PATCH', [one, fork], { title: 'Another way' });
    const filter = { streams: [forked.stream] };
    const told: Record<string, readonly string[]> = {};
    for (const user of ['ann', 'bob', 'local']) {
      const client = await FeedClient.connect(portOf(1), user);
      client.subscribe('a', { filter, from: 'start' });
      await client.until(({ messages }) => messages.at(-1)?.op === 'caughtUp');
      await client.until(
        ({ messages }) => Number(messages.at(-1)?.position ?? 0) >= Number(position),
      );
      told[user] = client.events('a').map(({ type }) => type);
      await client.end();
    }
    const own = ['StreamForked', 'SessionRenamed'];
    expect(told).toEqual({ ann: own, bob: [], local: own });
  }, 60_000);
});

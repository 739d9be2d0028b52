import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectEventStore } from '../../src/eventstore/db-client-event-store.js';
import type { EventStore, StoredEvent } from '../../src/eventstore/event-store.js';
import { ask, type Json, send } from '../support/api.js';
import {
  type Program,
  removeFolder,
  type SharedStores,
  startProgram,
  startSharedStores,
  temporaryFolder,
} from '../support/program.js';
import { watchSlowness } from '../support/slowness.js';

const count = 1_000;
/** When the first deadline is, after the raising begins, and over how long they are spread. */
const leadMs = 6_000;
const spreadMs = 5_000;

let folder: string;
let stores: SharedStores;
let store: EventStore;
const nodes: Program[] = [];

beforeAll(async () => {
  folder = await temporaryFolder();
  stores = await startSharedStores(folder);
  store = connectEventStore(stores.eventStoreUrl);
});

afterAll(async () => {
  await store.close();
  for (const node of nodes) await node.kill();
  await stores.stop();
  await removeFolder(folder);
});

/** One of so many nodes that are up, in the order in which they were started: each test begins with those left to it. */
const nodeOf = async (count: number, index: number): Promise<Program> => {
  while (nodes.length < count) nodes.push(await startProgram(folder, stores.settings));
  expect(nodes).toHaveLength(count);
  return nodes[index] as Program;
};

const killFirst = async (): Promise<void> => {
  await nodes.shift()?.kill();
};

/** Raises a thousand interrupts that expire over five seconds, some at a time. */
const raiseMany = async (url: string): Promise<readonly string[]> => {
  const session: Json = await send(url, '/v1/sessions', {});
  const first = Date.now() + leadMs;
  const streams: string[] = [];
  const left = Array.from({ length: count }, (_, n) => first + (n * spreadMs) / count).values();
  const raise = async () => {
    for (const due of left) {
      const ttlSeconds = Math.max(1, due - Date.now()) / 1_000;
      const interrupt = { kind: 'timeout', requestId: 'r', sessionId: session.id, ttlSeconds };
      streams.push((await send(url, '/v1/interrupts', interrupt)).stream);
    }
  };
  await Promise.all(Array.from({ length: 20 }, raise));
  return streams;
};

/** Resolves once so many of these interrupts have expired. */
const expirations = async (streams: readonly string[], wanted = streams.length): Promise<void> => {
  const awaited = new Set(streams);
  let seen = 0;
  for await (const event of store.subscribe('start'))
    if (
      'stream' in event &&
      event.type === 'InterruptExpired' &&
      awaited.has(event.stream) &&
      ++seen >= wanted
    )
      return;
};

/** The events that there are until it has caught up, by their streams. */
const allEvents = async (): Promise<ReadonlyMap<string, readonly StoredEvent[]>> => {
  const events = new Map<string, StoredEvent[]>();
  for await (const event of store.subscribe('start')) {
    if (!('stream' in event)) break;
    events.set(event.stream, [...(events.get(event.stream) ?? []), event]);
  }
  return events;
};

/**
 * Expects each interrupt to have expired once.
 *
 * @param upAt when a node was there again, for deadlines before it
 * @returns how late the latest was, in milliseconds
 */
const expectOnceEach = async (streams: readonly string[], upAt = 0): Promise<number> => {
  const events = await allEvents();
  let latest = 0;
  for (const stream of streams) {
    const [raised, expired, ...more] = events.get(stream) ?? [];
    expect([expired?.type, more.length]).toEqual(['InterruptExpired', 0]);
    const { expiresAt } = (raised?.data ?? {}) as { expiresAt: string };
    const late = Date.parse(expired?.created ?? '') - Math.max(Date.parse(expiresAt), upAt);
    latest = Math.max(latest, late);
  }
  return latest;
};

/** Expects the latest to be a second late at most, or as much more as the machine is slower for being shared. */
const expectInTime = (latest: number, slowness: number): void => {
  process.stdout.write(
    `latest ${latest} ms late, the machine ${slowness.toFixed(1)} times slower\n`,
  );
  expect(latest).toBeLessThan(1_000 * slowness);
};

describe('twenty answers at once over two nodes', () => {
  it('are won by one', async () => {
    const urls = [(await nodeOf(2, 0)).url, (await nodeOf(2, 1)).url];
    const [url = ''] = urls;
    const session = await send(url, '/v1/sessions', {});
    const asked = { kind: 'clarification', requestId: 'r', sessionId: session.id };
    const { id, stream } = await send(url, '/v1/interrupts', asked);
    const replies = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        const reply = await fetch(`${urls[n % 2]}/v1/interrupts/${id}/respond`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-user-id': 'local' },
          body: JSON.stringify({ text: `answer ${n}` }),
        });
        return { n, status: reply.status, body: (await reply.json()) as Json };
      }),
    );
    const [winner, ...others] = replies.filter(({ status }) => status === 200);
    expect(others).toEqual([]);
    const [, resolved, ...more] = (await allEvents()).get(stream) ?? [];
    expect(more).toEqual([]);
    expect(resolved?.data).toEqual({
      ...{ response: { text: `answer ${winner?.n}` }, respondedBy: 'local' },
    });
    for (const { status, body } of replies.filter(({ n }) => n !== winner?.n))
      expect({ status, code: body.code, settled: body.settled }).toEqual({
        ...{ status: 409, code: 'interrupt-already-settled' },
        settled: { status: 'resolved', respondedBy: 'local', settledAt: resolved?.created },
      });
  });
});

describe('a thousand interrupts, their deadlines within five seconds', () => {
  it('expire once each and in time, on the second node once the first is killed', async () => {
    const { url } = await nodeOf(2, 0);
    const slowness = watchSlowness();
    const streams = await raiseMany(url);
    await expirations(streams, count * 0.4);
    await killFirst();
    await expirations(streams);
    expectInTime(await expectOnceEach(streams), slowness.stop());
  }, 240_000);

  it('expire once each, and in time once a node is there again after the only one was killed', async () => {
    const { url } = await nodeOf(1, 0);
    const slowness = watchSlowness();
    const streams = await raiseMany(url);
    await expirations(streams, count * 0.4);
    await killFirst();
    await nodeOf(1, 0);
    const upAt = Date.now();
    await expirations(streams);
    expectInTime(await expectOnceEach(streams, upAt), slowness.stop());
  }, 240_000);
});

describe('interrupts raised just after the node was killed that keeps the read models', () => {
  it('expire in time on the other, whose read models stand still meanwhile', async () => {
    const first = await nodeOf(1, 0);
    const session: Json = await send(first.url, '/v1/sessions', {});
    // It keeps them once they have this: there is nobody else.
    await ask(first.url, `/v1/sessions/${session.id}?after=${session.position}`);
    const second = await nodeOf(2, 1);
    const slowness = watchSlowness();
    await killFirst();
    const streams: string[] = [];
    for (let n = 0; n < 20; n += 1) {
      const interrupt = { kind: 'timeout', requestId: 'r', sessionId: session.id, ttlSeconds: 1 };
      streams.push((await send(second.url, '/v1/interrupts', interrupt)).stream);
    }
    await expirations(streams);
    expectInTime(await expectOnceEach(streams), slowness.stop());
  }, 120_000);
});

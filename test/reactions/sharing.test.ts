import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { StoreUnavailable } from '../../src/eventstore/event-store.js';
import { startTestStores, type TestStores } from '../projecting/support/stores.js';
import { freshStream, newEvents } from '../support/new-events.js';
import { until } from '../support/until.js';
import { parkedOf, recorder, startTestReactions } from './support/reactions.js';

const entry = fileURLToPath(new URL('./support/reacting-process.js', import.meta.url));

let stores: TestStores;
beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.close());

const appendAll = (streams: readonly string[], count: number, first = 0) =>
  Promise.all(
    streams.map((stream) =>
      stores.store.append(stream, newEvents(count, first), first === 0 ? 'none' : first - 1),
    ),
  );

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

describe('two nodes with the same reaction', () => {
  it('share the events between them, those of a stream on one node in their order', async () => {
    const streams: string[] = [];
    const nodes = [recorder(), recorder()];
    const started = await Promise.all(
      nodes.map(({ note }) =>
        startTestReactions(stores, {
          name: 'sharing',
          categories: ['sharing'],
          handle: async (event) => note(event),
        }),
      ),
    );
    // More and more of them, until both nodes take part.
    while (!nodes.every(({ handled }) => handled.length > 0)) {
      const more = Array.from({ length: 10 }, () => freshStream('sharing'));
      await appendAll(more, 10);
      streams.push(...more);
      await until(
        () => nodes.reduce((sum, { handled }) => sum + handled.length, 0) === streams.length * 10,
      );
    }
    for (const stream of streams)
      expect(nodes.map(({ of }) => of(stream)).filter(({ length }) => length > 0)).toEqual([
        numbers(10),
      ]);
    await Promise.all(started.map(({ stop }) => stop()));
  });

  it('lose nothing when one of them is killed in the middle of its work', async () => {
    const streams = Array.from({ length: 20 }, () => freshStream('dying'));
    const [dying, living] = [recorder(), recorder()];
    const { eventStoreUrl, mongoUrl } = stores;
    const child = spawn(process.execPath, [entry, eventStoreUrl, mongoUrl, 'dying', '30'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    createInterface({ input: child.stdout }).on('line', (line) => dying.handled.push(line));
    await appendAll(streams, 10);
    await until(() => dying.handled.length === 30);
    const second = await startTestReactions(stores, {
      name: 'dying',
      categories: ['dying'],
      handle: async (event) => living.note(event),
    });
    child.kill('SIGKILL');
    await until(() => new Set([...dying.handled, ...living.handled]).size === 200);
    // What the one had begun is done by the other, from the first event not acknowledged on.
    for (const stream of streams) {
      const taken = living.of(stream);
      expect(taken).toEqual(numbers(10).slice(10 - taken.length));
    }
    expect(await parkedOf(stores, 'dying')).toEqual([]);
    await second.stop();
  });
});

describe('a reaction', () => {
  it('waits out an outage of the event store and of the database, and parks nothing', async () => {
    const stream = freshStream('outage');
    const { note, of } = recorder();
    const reactions = await startTestReactions(stores, {
      name: 'outage',
      categories: ['outage'],
      handle: async (event) => note(event),
    });
    await stores.store.append(stream, newEvents(5), 'none');
    await until(() => of(stream).length === 5);
    await stores.stopEventStore();
    await stores.startEventStore();
    await until(async () => {
      const appended = await stores.store.append(stream, newEvents(5, 5), 4).catch(() => undefined);
      return appended !== undefined;
    });
    await until(() => of(stream).includes(9));
    await stores.stopMongo();
    await stores.store.append(stream, newEvents(5, 10), 9);
    await stores.startMongo();
    await until(() => of(stream).includes(14));
    expect([...new Set(of(stream))]).toEqual(numbers(15));
    expect(await parkedOf(stores, 'outage')).toEqual([]);
    await reactions.stop();
  });

  it('waits for a store that it needs itself, however often that fails, and parks nothing', async () => {
    const stream = freshStream('needy');
    const { note, of } = recorder();
    let failures = 0;
    const reactions = await startTestReactions(stores, {
      name: 'needy',
      categories: ['needy'],
      handle: async (event) => {
        if (failures < 5) {
          failures += 1;
          throw new StoreUnavailable('it is away');
        }
        note(event);
      },
    });
    await stores.store.append(stream, newEvents(3), 'none');
    await until(() => of(stream).length === 3);
    expect(of(stream)).toEqual([0, 1, 2]);
    expect(await parkedOf(stores, 'needy')).toEqual([]);
    await reactions.stop();
  });

  it('that begins at the end leaves what was there before', async () => {
    const stream = freshStream('late');
    await stores.store.append(stream, newEvents(5), 'none');
    const { note, of } = recorder();
    const reaction = {
      name: 'late',
      categories: ['late'],
      from: 'end',
      handle: async (event) => note(event),
    } as const satisfies Parameters<typeof startTestReactions>[1];
    const reactions = await startTestReactions(stores, reaction);
    let next = 5;
    await until(async () => {
      await stores.store.append(stream, newEvents(1, next), next - 1);
      next += 1;
      return of(stream).length > 0;
    });
    expect(of(stream)[0]).toBeGreaterThanOrEqual(5);
    await reactions.stop();
  });

  it('does not meet again what it handled before it was stopped', async () => {
    const stream = freshStream('stopping');
    const { note, of } = recorder();
    const reaction = {
      name: 'stopping',
      categories: ['stopping'],
      handle: async (event: Parameters<typeof note>[0]) => note(event),
    };
    await stores.store.append(stream, newEvents(50), 'none');
    const first = await startTestReactions(stores, reaction);
    await until(() => of(stream).length === 50);
    await first.stop();
    await stores.store.append(stream, newEvents(5, 50), 49);
    const second = await startTestReactions(stores, reaction);
    await until(() => of(stream).includes(54));
    expect(of(stream)).toEqual(numbers(55));
    await second.stop();
  });
});

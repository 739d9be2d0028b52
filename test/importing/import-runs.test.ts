import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { StoreUnavailable } from '../../src/eventstore/event-store.js';
import type { ImportDependencies } from '../../src/importing/import-run.js';
import { type ImportItem, importRuns } from '../../src/importing/import-runs.js';
import { readRuns } from '../../src/importing/read-runs.js';
import { type ImportingStore, requestOf, startImportingStore } from './importing.js';
import { inChunks, sharedData } from './reading.js';

let importing: ImportingStore;

beforeAll(async () => {
  importing = await startImportingStore();
});
afterAll(() => importing.stop());

describe('importing a file', () => {
  const conversation = (content: string) =>
    JSON.stringify({ messages: [{ role: 'user', content }] });
  const collect = async (items: AsyncIterable<ImportItem>) => {
    const collected: ImportItem[] = [];
    for await (const item of items) collected.push(item);
    return collected;
  };

  it('imports all runs and names those it cannot read, in the order of the file', async () => {
    const text = [conversation('a'), 'broken', conversation('b'), conversation('a')].join('\n');
    const items = await collect(
      importRuns(readRuns(inChunks(text)), requestOf('hal'), importing.fresh()),
    );

    expect(items.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    expect(items[1]).toMatchObject({ code: 'unreadable-recording' });
    expect(items[0]).toMatchObject({ messages: 1, checkpoints: 0, warnings: [] });
    const created = (await importing.eventsOf('hal')).filter(
      ({ type }) => type === 'SessionCreated',
    );
    expect(created).toHaveLength(2);
  });

  it('imports no more runs at a time than it may', async () => {
    let underWay = 0;
    let most = 0;
    const { streams, executions, sessions } = importing.fresh();
    const counting: ImportDependencies = {
      streams,
      executions,
      sessions: async (...args) => {
        most = Math.max(most, ++underWay);
        try {
          return await sessions(...args);
        } finally {
          underWay--;
        }
      },
    };
    const text = Array.from({ length: 12 }, (_, index) => conversation(`run ${index}`)).join('\n');
    const items = await collect(
      importRuns(readRuns(inChunks(text)), requestOf('ida'), counting, { concurrency: 3 }),
    );

    expect(items).toHaveLength(12);
    expect(most).toBe(3);
  });

  it('imports what comes before the place where the file breaks off, then says where', async () => {
    const text = `[${conversation('a')}, ${conversation('b')}, {"mess`;
    const items: ImportItem[] = [];
    const importAll = async () => {
      const runs = readRuns(inChunks(text));
      for await (const item of importRuns(runs, requestOf('jim'), importing.fresh()))
        items.push(item);
    };

    await expect(importAll()).rejects.toThrow('[2]: the file ends inside the array');
    expect(items).toHaveLength(2);
  });

  it('stops when the store is away, with nothing left under way', async () => {
    const away: ImportDependencies = {
      ...importing.fresh(),
      sessions: async () => {
        throw new StoreUnavailable('away');
      },
    };
    const text = [conversation('a'), conversation('b'), conversation('c')].join('\n');

    await expect(
      collect(importRuns(readRuns(inChunks(text)), requestOf('kay'), away)),
    ).rejects.toThrow('away');
  });

  const withData = sharedData === undefined ? it.skip : it;
  const where = sharedData === undefined ? ' (skipped: there is no ../shared/data)' : '';

  withData(`imports a recorded run of 165 steps, twice with one effect${where}`, async () => {
    const file = join(
      sharedData ?? '',
      'mini-swe-agent/deepseek_chat_test_1-100/django__django-13964.traj.json.gz',
    );
    const once = () =>
      collect(importRuns(readRuns(createReadStream(file)), requestOf('lea'), importing.fresh()));

    expect(await once()).toMatchObject([{ messages: 333, checkpoints: 165, added: 503 }]);
    expect(await once()).toMatchObject([{ messages: 333, checkpoints: 165, added: 0 }]);
  });
});

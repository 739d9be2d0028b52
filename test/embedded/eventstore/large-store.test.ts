import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openStore, type Store } from '../../../src/embedded/eventstore/storage/store.js';
import { filledStream, fillStore } from './support/fill.js';

// A twentieth of what test/bench/eventstore/large-store.ts measures.
const largeSize = { events: 100_000, streams: 1_000 };
const smallSize = { events: 1_000, streams: 10 };
const pageLimit = { events: 100, bytes: 1024 * 1024 };

let folders: Record<'large' | 'small', string>;
beforeAll(async () => {
  const folder = () => mkdtemp(join(tmpdir(), 'forkline-eventstore-'));
  folders = { large: await folder(), small: await folder() };
  await fillStore(folders.large, largeSize);
  await fillStore(folders.small, smallSize);
}, 120_000);
afterAll(async () => {
  for (const folder of Object.values(folders)) await rm(folder, { recursive: true });
});

const median = (times: number[]) => times.sort((a, b) => a - b)[times.length >> 1] ?? 0;

const timeOf = async (run: () => unknown): Promise<number> => {
  const start = performance.now();
  await run();
  return performance.now() - start;
};

const tailRead = (store: Store, streams: number, n: number) =>
  store.reader.streamBackwards(filledStream((n * 7) % streams), Number.MAX_SAFE_INTEGER, {
    events: 10,
    bytes: pageLimit.bytes,
  });

describe('a store with a hundred times the events', () => {
  it('opens about as fast', async () => {
    const opening = async (folder: string) => {
      const times: number[] = [];
      for (let round = 0; round < 5; round++) {
        let store: Store | undefined;
        times.push(
          await timeOf(async () => {
            store = await openStore(folder);
          }),
        );
        await store?.close();
      }
      return median(times);
    };
    const small = await opening(folders.small);
    expect((await opening(folders.large)) / small).toBeLessThan(5);
  });

  it('reads the end of a stream about as fast', async () => {
    const reading = async (folder: string, streams: number) => {
      const store = await openStore(folder);
      const times: number[] = [];
      for (let n = 0; n < 2_000; n++) times.push(await timeOf(() => tailRead(store, streams, n)));
      await store.close();
      return median(times);
    };
    const small = await reading(folders.small, smallSize.streams);
    expect((await reading(folders.large, largeSize.streams)) / small).toBeLessThan(5);
  });

  it('gives all of them, in every stream and in $all', async () => {
    const store = await openStore(folders.large);
    let seen = 0;
    let before = 0;
    for (let next = 0, isEnd = false; !isEnd; ) {
      const page = store.reader.allForwards(next, pageLimit);
      for (const { position } of page.entries) {
        expect(position).toBe(before + 1);
        before = position;
        seen++;
      }
      ({ next, isEnd } = page);
    }
    expect(seen).toBeGreaterThan(largeSize.events);
    for (let n = 0; n < largeSize.streams; n++)
      expect(store.reader.lastRevision(filledStream(n))).toBe(
        largeSize.events / largeSize.streams - 1,
      );
    await store.close();
  });
});

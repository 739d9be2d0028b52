import { randomBytes } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { open } from 'lmdb';
import { Block, type Entry, encodeBlock, rawBytesOf } from '../../../src/embedded/packing/block.js';
import { cutBlocks, pageBytes } from '../../../src/embedded/packing/cut-blocks.js';
import { packSome } from '../../../src/embedded/packing/pack.js';
import { PackedTree } from '../../../src/embedded/packing/packed-tree.js';
import { closeSmaller } from '../../../src/embedded/packing/shrink.js';
import { removeFolder, temporaryFolder } from '../../support/program.js';

const runs = Number(process.env.FORKLINE_PACKING_RUNS ?? 12);
const segments = 3;
const begin = Buffer.from([0, 0, 0, 1]);
const end = Buffer.from([0x70]);

const openTree = (folder: string): PackedTree =>
  new PackedTree(
    open<Buffer, Buffer>(join(folder, 'tree.mdb'), { encoding: 'binary', keyEncoding: 'binary' }),
    { name: 'packed', groupBytes: 4, from: begin, end, cacheBytes: 1024 * 1024 },
  );

const keyOf = (segment: number, number: number): Buffer => {
  const key = Buffer.alloc(6);
  key.writeUInt32BE(segment);
  key.writeUInt16BE(number, 4);
  return key;
};

const packAll = async (tree: PackedTree): Promise<void> => {
  for (let from: Buffer | undefined = begin; from; ) {
    const next: Buffer = from;
    from = await tree.blocks.changing(() =>
      tree.plain.childTransaction(() => packSome(tree, next)),
    );
  }
  tree.plain.resetReadTxn();
};

/** Entries as text that a failing test can show. */
const shown = (entries: Iterable<Entry>): string[] =>
  Array.from(entries, ({ key, value }) => `${key.toString('hex')} ${value.toString('hex')}`);

type Step =
  | Readonly<{
      what: 'put';
      segment: number;
      from: number;
      count: number;
      stride: number;
      size: number;
    }>
  | Readonly<{ what: 'remove'; segment: number; from: number; count: number; stride: number }>
  | Readonly<{ what: 'pack' }>
  | Readonly<{ what: 'reopen' }>;

const segment = fc.integer({ min: 1, max: segments });
const place = {
  segment,
  from: fc.integer({ min: 0, max: 2_000 }),
  count: fc.integer({ min: 1, max: 300 }),
  stride: fc.integer({ min: 1, max: 7 }),
};
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ what: fc.constant('put' as const), ...place, size: fc.integer({ max: 90, min: 2 }) }),
  fc.record({ what: fc.constant('remove' as const), ...place }),
  fc.constant({ what: 'pack' as const }),
  fc.constant({ what: 'reopen' as const }),
);

describe('a packed tree', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => removeFolder(folder));

  it('leaves no place for readers taken by a reading that is left in the middle', async () => {
    const tree = openTree(folder);
    await tree.plain.childTransaction(() => {
      for (let n = 0; n < 3_000; n++) tree.put(keyOf(1, n), randomBytes(40));
    });
    await packAll(tree);
    const readLittle = async (): Promise<void> => {
      for (const isReverse of [false, true]) {
        let read = 0;
        for (const _ of tree.entries({ from: begin, to: end, isReverse })) if (++read > 500) break;
        expect(read).toBe(501);
      }
      // LMDB's transaction for reading goes with the turn of the event loop, unless something holds it.
      await nextTurn();
      // What is read after a write is read in another one.
      await tree.plain.childTransaction(() => tree.put(keyOf(2, 0), randomBytes(40)));
    };
    await readLittle();
    const readers = tree.plain.readerList();
    for (let reading = 0; reading < 20; reading++) await readLittle();
    expect(tree.plain.readerList().split('\n')).toHaveLength(readers.split('\n').length);
    await tree.plain.close();
  });

  it('holds what a map holds, whatever is written, removed, packed and opened again', async () => {
    let blocks = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 10, maxLength: 25 }),
        fc.array(fc.tuple(segment, place.from, place.from, fc.boolean(), fc.boolean())),
        async (steps, spans) => {
          const path = await temporaryFolder();
          let tree = openTree(path);
          const model = new Map<string, Entry>();
          const inOrder = () =>
            [...model.values()].sort((a, b) => Buffer.compare(a.key, b.key)) as readonly Entry[];
          for (const each of steps) {
            if (each.what === 'pack') await packAll(tree);
            else if (each.what === 'reopen') {
              await tree.plain.close();
              tree = openTree(path);
            } else
              await tree.plain.childTransaction(() => {
                for (let i = 0; i < each.count; i++) {
                  const key = keyOf(each.segment, each.from + i * each.stride);
                  const name = key.toString('hex');
                  if (each.what === 'put') {
                    // Half of it shrinks, as documents do.
                    const value = Buffer.concat([randomBytes(each.size), Buffer.alloc(each.size)]);
                    tree.put(key, value);
                    model.set(name, { key, value });
                  } else {
                    tree.remove(key);
                    model.delete(name);
                  }
                }
              });
            tree.plain.resetReadTxn();
            expect(shown(tree.entries({ from: begin, to: end, isReverse: false }))).toEqual(
              shown(inOrder()),
            );
          }
          expect(tree.count(begin, end)).toBe(model.size);
          for (const [at, low, high, isReverse, isAfterFrom] of spans) {
            const span = { from: keyOf(at, low), to: keyOf(at, high), isReverse, isAfterFrom };
            const wanted = inOrder().filter(
              ({ key }) =>
                Buffer.compare(key, span.to) < 0 &&
                Buffer.compare(key, span.from) >= (isAfterFrom ? 1 : 0),
            );
            expect(shown(tree.entries(span))).toEqual(
              shown(isReverse ? wanted.toReversed() : wanted),
            );
            expect(tree.get(span.from)).toEqual(model.get(span.from.toString('hex'))?.value);
          }
          blocks += tree.blocks.table.getKeysCount();
          await tree.plain.close();
          await removeFolder(path);
        },
      ),
      { numRuns: runs },
    );
    expect(blocks).toBeGreaterThan(runs);
  }, 120_000);

  it('opens a store from before there were blocks, and packs it to a part of its size', async () => {
    const path = join(folder, 'tree.mdb');
    const before = open<Buffer, Buffer>(path, { encoding: 'binary', keyEncoding: 'binary' });
    const text = (number: number) => Buffer.from(`{"text":"entry ${number} of many alike"}`);
    await before.batch(() => {
      for (let number = 0; number < 3_000; number++)
        void before.put(keyOf(1, number), text(number));
    });
    await before.close();

    const tree = openTree(folder);
    expect(tree.count(begin, end)).toBe(3_000);
    await packAll(tree);
    expect(tree.count(begin, end)).toBe(3_000);
    expect(tree.get(keyOf(1, 1_234))).toEqual(text(1_234));
    expect(tree.plainCount()).toBeLessThan(500);
    await tree.plain.close();
  });

  it('is written anew when it is closed with pages half full, once, and holds the same', async () => {
    const path = join(folder, 'tree.mdb');
    const [count, stride] = [6_000, 1_789];
    const tree = openTree(folder);
    for (let from = 0; from < count; from += 100)
      await tree.plain.childTransaction(() => {
        for (let i = from; i < from + 100; i++) {
          const number = (i * stride) % count;
          const large = number % 500 === 0 ? 9_000 : 0;
          tree.put(
            keyOf(1 + (number % segments), number),
            randomBytes(100 + (number % 90) + large),
          );
        }
      });
    await packAll(tree);
    await tree.plain.childTransaction(() => {
      for (let number = 0; number < count; number += 3)
        tree.put(keyOf(1 + (number % segments), number), randomBytes(10));
      for (let number = 1; number < count; number += 6) tree.remove(keyOf(2, number));
    });
    tree.plain.resetReadTxn();
    const all = shown(tree.entries({ from: begin, to: end, isReverse: false }));
    const before = await stat(path);

    await closeSmaller(tree.plain, path, tree.tables);
    const after = await stat(path);
    expect(after.size).toBeLessThan(before.size * 0.8);
    expect(await readdir(folder)).not.toContain('tree.mdb.smaller');

    const again = openTree(folder);
    expect(shown(again.entries({ from: begin, to: end, isReverse: false }))).toEqual(all);
    await again.plain.childTransaction(() => again.put(keyOf(3, 2), randomBytes(10)));
    await closeSmaller(again.plain, path, again.tables);
    expect((await stat(path)).ino).toBe(after.ino);
  });

  it('keeps what is written while it is written anew', async () => {
    const path = join(folder, 'tree.mdb');
    const tree = openTree(folder);
    await tree.plain.childTransaction(() => {
      for (let number = 0; number < 4_000; number++)
        tree.put(keyOf(1, (number * 1_789) % 4_000), randomBytes(300));
    });
    await tree.plain.childTransaction(() => {
      for (let number = 0; number < 4_000; number += 2) tree.remove(keyOf(1, number));
    });
    const closing = closeSmaller(tree.plain, path, tree.tables);
    const name = `${path}.smaller`;
    while (!(await stat(name).catch(() => undefined))) await nextTurn(0);
    // So large that it is still under way when the copy is there.
    const late = Buffer.alloc(64 * 1024 * 1024, 'late');
    const written = tree.plain.childTransaction(() => tree.put(keyOf(1, 2), late));
    await Promise.all([written, closing]);
    expect(openTree(folder).get(keyOf(1, 2))?.equals(late)).toBe(true);
  });

  it('takes the blocks of a segment away with the segment, and no others', async () => {
    const tree = openTree(folder);
    await tree.plain.childTransaction(() => {
      for (let number = 0; number < 1_000; number++)
        for (const at of [1, 2])
          tree.put(keyOf(at, number), Buffer.from(`value ${number} of ${at}`));
    });
    await packAll(tree);
    await tree.plain.childTransaction(() => {
      while (!tree.removeSome(keyOf(1, 0), keyOf(2, 0), 50));
    });
    expect(tree.count(keyOf(1, 0), keyOf(2, 0))).toBe(0);
    expect(tree.count(keyOf(2, 0), end)).toBe(1_000);
    await tree.plain.close();
  });
});

describe('a block', () => {
  const entries = Array.from({ length: 5_000 }, (_, number) => ({
    key: Buffer.from(`key ${String(number).padStart(6, '0')}`),
    value: randomBytes(number % 40),
  }));

  it('fits on a page, the last one apart fills most of it, and gives back what went in', () => {
    const cuts = [...cutBlocks(entries, 0.2)];
    for (const { bytes } of cuts) expect(bytes.length).toBeLessThanOrEqual(pageBytes);
    for (const { bytes } of cuts.slice(0, -1))
      expect(bytes.length).toBeGreaterThan(pageBytes * 0.8);
    const out = cuts.flatMap(({ key, bytes }) => [...new Block(key, bytes).entries()]);
    expect(shown(out)).toEqual(shown(entries));
  });

  it('is refused where a later version wrote it in another format', () => {
    const [entry] = entries as [Entry];
    const bytes = encodeBlock([entry], rawBytesOf(entry, entry.key));
    bytes[0] = 9;
    expect(() => new Block(entry.key, bytes)).toThrow('newer version: blocks of format 9');
  });
});

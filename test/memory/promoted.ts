import { getHeapSpaceStatistics } from 'node:v8';
import { underWay } from '../../src/memory/under-way.js';

// Has things of a kilobyte come and go, and tells how many bytes of them have come to the old part of the heap, where nothing
// is taken away meanwhile:
// node --max-semi-space-size=1 --min-semi-space-size=1 --initial-old-space-size=512 --no-incremental-marking
//   dist/test/memory/promoted.js [map]     with V8's own Map in place of what is under way

const things = 20_000;
const atOnce = 64;
const thing = (n: number): number[] => Array.from({ length: 128 }, (_, at) => n + at);

const oldBytes = (): number =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space')?.space_used_size ??
  0;

const kept = process.argv[2] === 'map' ? new Map<number, number[]>() : underWay<number, number[]>();
// What there is now becomes old: it is there while the young part is collected a few times.
kept.set(-1, thing(-1));
for (let n = 0; n < things; n += 1) thing(n);

const before = oldBytes();
for (let n = 0; n < things; n += 1) {
  kept.set(n, thing(n));
  kept.delete(n - atOnce);
}
process.stdout.write(`${oldBytes() - before}\n`);

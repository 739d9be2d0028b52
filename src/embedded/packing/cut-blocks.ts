import { type Entry, encodeBlock, rawBytesOf } from './block.js';

/** A block as it is kept, and how many of the entries it was made of are in it. */
export type Cut = Readonly<{ key: Buffer; bytes: Buffer; count: number }>;

/** What fits on one page of LMDB beside its header: a block of this size wastes nothing. */
export const pageBytes = 4_072;
/** How much there may be in a block before it is deflated: what has to be inflated to read one entry. */
const mostRaw = 20 * 1024;
const tries = 4;

/**
 * Packs entries into as few pages as will do.
 *
 * @param entries in the order of their keys
 * @param ratio by how much they are expected to shrink
 * @returns blocks in order; all but the last are about as long as a page, or as long as they may get
 */
export function* cutBlocks(entries: readonly Entry[], ratio: number): Generator<Cut> {
  const sizes = entries.map((entry, i) => rawBytesOf(entry, entries[i - 1]?.key ?? entry.key));
  let expected = ratio;
  for (let from = 0; from < entries.length; ) {
    const { cut, reached } = cutOne(entries, sizes, from, expected);
    yield cut;
    from += cut.count;
    expected = reached;
  }
}

const cutOne = (
  entries: readonly Entry[],
  sizes: readonly number[],
  from: number,
  expected: number,
): Readonly<{ cut: Cut; reached: number }> => {
  let best: Cut | undefined;
  let reached = expected;
  for (let tried = 1; ; tried++) {
    const goal = tried < tries ? (pageBytes * 0.97) / reached : (pageBytes * 0.85) / reached;
    const { count, raw } = take(entries, sizes, from, Math.min(goal, mostRaw));
    const part = entries.slice(from, from + count);
    const bytes = encodeBlock(part, raw);
    reached = bytes.length / raw;
    const fits = bytes.length <= pageBytes || count === 1;
    const cut = { key: (part[0] as Entry).key, bytes, count };
    if (fits && (!best || best.count < count)) best = cut;
    const isFull = bytes.length > pageBytes * 0.9 || raw > mostRaw * 0.9;
    const isEnd = from + count === entries.length;
    if (best && (tried >= tries || (fits && (isFull || isEnd)))) return { cut: best, reached };
    // What still does not fit is cut smaller and smaller.
    if (tried >= tries) reached *= 1.3 ** (tried - tries + 1);
  }
};

/** How many entries have that many bytes, one at least. */
const take = (
  entries: readonly Entry[],
  sizes: readonly number[],
  from: number,
  goal: number,
): Readonly<{ count: number; raw: number }> => {
  // The first entry of a block comes after itself: its key is that of the block.
  const first = entries[from] as Entry;
  let raw = rawBytesOf(first, first.key);
  let count = 1;
  while (from + count < entries.length) {
    const size = sizes[from + count] ?? 0;
    if (raw + size > goal) break;
    raw += size;
    count++;
  }
  return { count, raw };
};

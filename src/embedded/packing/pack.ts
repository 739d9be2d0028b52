import type { Entry } from './block.js';
import { cutBlocks, pageBytes } from './cut-blocks.js';
import { isRemoval, overlay } from './overlay.js';
import type { Packed } from './packed-blocks.js';
import type { PackedTree } from './packed-tree.js';

// How much is done in one transaction. Little also because LMDB gets into trouble where a transaction
// frees many pages of a file that has no free ones (kriszyp/lmdb-js#317).
const mostMs = 10;
const mostEntries = 2_048;
const mostBytes = 192 * 1024;

/** Larger values stay as they are: to deflate them would take too long at a time. */
const largestValue = 128 * 1024;
/** How much there has to be for a block, for it to be written anew. */
const worthRewriting = 4 * 1024;
const usualRatio = 0.35;

type Slice = Readonly<{ entries: readonly Entry[]; isEnd: boolean }>;

/** Entries that belong into the same block, or behind it. */
type Group = Readonly<{ entries: readonly Entry[]; block: Packed | undefined }>;

/**
 * Moves entries that are not packed into blocks, for a few milliseconds. Where there are only few for
 * a block they stay as they are. To be called inside a transaction, so that each is in one place.
 *
 * @param from where to begin; what the call before returned
 * @returns where to go on, undefined when there is no more
 */
export const packSome = (tree: PackedTree, from: Buffer): Buffer | undefined => {
  const start = performance.now();
  const { entries, isEnd } = sliceOf(tree, from);
  for (let at = 0; at < entries.length; ) {
    const group = groupAt(tree, entries, at);
    const next = at + group.entries.length;
    // What is cut off by the end of the slice is looked at together with the rest.
    if (next === entries.length && !isEnd && at > 0) return entries[at]?.key;
    const tail = packGroup(tree, group);
    // So is what was too little for a block of its own.
    if (next === entries.length && !isEnd && tail) return tail;
    at = next;
    if (at < entries.length && performance.now() - start > mostMs) return entries[at]?.key;
  }
  const last = entries.at(-1)?.key;
  return isEnd || !last ? undefined : Buffer.concat([last, Buffer.from([0])]);
};

const sliceOf = ({ plain, options }: PackedTree, from: Buffer): Slice => {
  const entries: Entry[] = [];
  let bytes = 0;
  for (const { key, value } of plain.getRange({ start: from, end: options.end })) {
    if (entries.length >= mostEntries || bytes > mostBytes) return { entries, isEnd: false };
    bytes += key.length + value.length;
    entries.push({ key, value });
  }
  return { entries, isEnd: true };
};

const groupAt = (tree: PackedTree, entries: readonly Entry[], at: number): Group => {
  const { key } = entries[at] as Entry;
  const next = tree.blocks.nextKey(key);
  let end = at + 1;
  for (; end < entries.length; end++) {
    const { key: other } = entries[end] as Entry;
    if (!tree.blocks.isOneGroup(key, other) || (next && Buffer.compare(other, next) >= 0)) break;
  }
  return { entries: entries.slice(at, end), block: tree.blocks.at(key) };
};

/** @returns what was left behind new blocks, if there are any */
const packGroup = (tree: PackedTree, { entries, block }: Group): Buffer | undefined => {
  const wanted = entries.filter(({ value }) => value.length <= largestValue);
  const bytes = wanted.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
  const isBehind = !block || Buffer.compare((entries[0] as Entry).key, block.head.lastKey) > 0;
  const ratio = block ? block.bytes.length / Math.max(1, block.head.rawBytes) : usualRatio;
  const isFull = !block || block.bytes.length > pageBytes * 0.6;
  if (isBehind && isFull) {
    // New blocks behind the full one. Too little for one waits for more.
    if (bytes * ratio > pageBytes * 0.5) return packApart(tree, wanted, ratio);
  } else if (block && bytes >= worthRewriting) packInto(tree, wanted, block, ratio);
  return undefined;
};

const packApart = (
  tree: PackedTree,
  entries: readonly Entry[],
  ratio: number,
): Buffer | undefined => {
  // There is no block that they could be removed from.
  const kept = entries.filter((entry) => !isRemoval(entry.value));
  for (const entry of entries) if (isRemoval(entry.value)) tree.plain.removeSync(entry.key);
  let at = 0;
  for (const { key, bytes, count } of cutBlocks(kept, ratio)) {
    const isLast = at + count === kept.length;
    if (isLast && bytes.length < pageBytes * 0.75) return at > 0 ? key : undefined;
    tree.blocks.put(key, bytes);
    for (const entry of kept.slice(at, at + count)) tree.plain.removeSync(entry.key);
    at += count;
  }
  return undefined;
};

const packInto = (
  tree: PackedTree,
  entries: readonly Entry[],
  block: Packed,
  ratio: number,
): void => {
  const all = [...overlay(entries, tree.blocks.open(block).entries(), false)];
  tree.blocks.remove(block.key);
  for (const { key, bytes } of cutBlocks(all, ratio)) tree.blocks.put(key, bytes);
  for (const { key } of entries) tree.plain.removeSync(key);
};

import type { Entry } from './block.js';

/** Stands in the place of an entry that a block still has: no value is this byte alone. */
export const removal = Buffer.from([0xff]);

/** Whether a value says that the packed entry under its key is gone. */
export const isRemoval = (value: Buffer): boolean => value.length === 1 && value[0] === 0xff;

/**
 * Joins entries with the packed ones that they lie over, in one order. Where both have a key, the
 * packed one does not count; where what lies over it is a removal, neither does.
 *
 * @param packed ended together with this, also where it is left before its end: an iterator over LMDB that
 *   is not keeps one of the environment's few places for readers
 */
export function* overlay(
  plain: Iterable<Entry>,
  packed: Generator<Entry, void>,
  isReverse: boolean,
): Generator<Entry, void> {
  try {
    let older = packed.next();
    for (const entry of plain) {
      while (!older.done) {
        const order = Buffer.compare(older.value.key, entry.key);
        if (order !== 0 && order < 0 === isReverse) break;
        if (order !== 0) yield older.value;
        older = packed.next();
      }
      if (!isRemoval(entry.value)) yield entry;
    }
    for (; !older.done; older = packed.next()) yield older.value;
  } finally {
    packed.return();
  }
}

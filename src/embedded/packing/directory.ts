import type { Database } from 'lmdb';

/**
 * Where the blocks of a group begin, in memory: a look-up in LMDB takes as long as ten in here. Read
 * when it is first asked for; some 150 bytes for each block.
 */
export class Directory {
  readonly #keys: Buffer[];

  /** @param from the beginning of all keys of the group; they follow each other up to `to` */
  constructor(blocks: Database<Buffer, Buffer>, from: Buffer, to: Buffer) {
    this.#keys = [...blocks.getKeys({ start: from, end: to })];
  }

  /** The last one that is not behind a key, or where asked for, that is before it. */
  floor(key: Buffer, isBefore: boolean): Buffer | undefined {
    const index = this.#indexOf(key);
    const found = isBefore ? undefined : this.#keys[index];
    return found?.equals(key) ? found : this.#keys[index - 1];
  }

  /** Takes note of a block that was written or removed: its key is another object then. */
  change(key: Buffer, isThere: boolean): void {
    const index = this.#indexOf(key);
    const isKnown = this.#keys[index]?.equals(key) ?? false;
    this.#keys.splice(index, isKnown ? 1 : 0, ...(isThere ? [key] : []));
  }

  #indexOf(key: Buffer): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (Buffer.compare(this.#keys[middle] as Buffer, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

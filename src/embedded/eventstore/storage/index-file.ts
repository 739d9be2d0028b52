import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Database } from 'lmdb';
import { uuidToBytes } from '../../../protobuf/uuid.js';
import { closeSmaller } from '../../packing/shrink.js';
import { commit, type LmdbFile, openFile } from './lmdb-file.js';
import type { RecentIndex, RecentStream } from './recent-index.js';
import type { StreamHead } from './stream-head.js';

const fileName = 'index.mdb';
const positionSize = 6;
const headSize = 17;
// Small enough to share a page with others, large enough to make long appends cheap.
const positionsPerChunk = 256;
const maxNameKeyBytes = 400;
const throughKey = Buffer.from('through');
const streamCountKey = Buffer.from('streams');

/** A stream's place in the index, by number and revision. */
const chunkKey = (number: number, revision: number): Buffer => {
  const key = Buffer.allocUnsafe(4 + positionSize);
  key.writeUInt32BE(number, 0);
  key.writeUIntBE(revision, 4, positionSize);
  return key;
};

const idKey = (number: number, id: string): Buffer => {
  const key = Buffer.allocUnsafe(4);
  key.writeUInt32BE(number, 0);
  return Buffer.concat([key, uuidToBytes(id)]);
};

// LMDB bounds keys: a long name is cut and told apart by its hash.
const nameKey = (name: string): Buffer => {
  const bytes = Buffer.from(`=${name}`);
  if (bytes.length <= maxNameKeyBytes) return bytes;
  const hash = createHash('sha256').update(bytes).digest();
  return Buffer.concat([Buffer.from('#'), bytes.subarray(1, maxNameKeyBytes - 32), hash]);
};

const sixBytes = (value: number): Buffer => {
  const bytes = Buffer.allocUnsafe(positionSize);
  bytes.writeUIntBE(value, 0, positionSize);
  return bytes;
};

const encodeHead = (head: StreamHead): Buffer => {
  const bytes = Buffer.allocUnsafe(headSize);
  bytes.writeUInt32BE(head.number, 0);
  bytes.writeUIntBE(head.lastRevision, 4, positionSize);
  bytes.writeUIntBE(head.lastPosition, 10, positionSize);
  bytes[16] = head.isTombstoned ? 1 : 0;
  return bytes;
};

const decodeHead = (bytes: Buffer): StreamHead => ({
  number: bytes.readUInt32BE(0),
  lastRevision: bytes.readUIntBE(4, positionSize),
  lastPosition: bytes.readUIntBE(10, positionSize),
  isTombstoned: bytes[16] === 1,
});

/**
 * The index of the log, in an LMDB file of its own: stream heads, (stream, revision) to position,
 * (stream, event id) to revision. It lags behind the log and says how far it got.
 */
export class IndexFile {
  readonly #path: string;
  readonly #env: LmdbFile;
  readonly #heads: Database<Buffer, Buffer>;
  readonly #positions: Database<Buffer, Buffer>;
  readonly #ids: Database<Buffer, Buffer>;
  readonly #progress: Database<Buffer, Buffer>;

  constructor(folder: string) {
    this.#path = join(folder, fileName);
    this.#env = openFile(folder, fileName);
    const part = (name: string) =>
      this.#env.openDB<Buffer, Buffer>({ name, encoding: 'binary', keyEncoding: 'binary' });
    this.#heads = part('heads');
    this.#positions = part('positions');
    this.#ids = part('ids');
    this.#progress = part('progress');
  }

  /** The last position of the log that is in here. */
  get through(): number {
    return this.#number(throughKey);
  }

  /** How many streams have a number. */
  get streamCount(): number {
    return this.#number(streamCountKey);
  }

  head(stream: string): StreamHead | undefined {
    const bytes = this.#heads.getBinary(nameKey(stream));
    return bytes && decodeHead(bytes);
  }

  /** Up to `count` positions of a stream's events from a revision on. */
  positions(number: number, revision: number, count: number): number[] {
    const found: number[] = [];
    const first = this.#chunkStart(number, revision);
    if (first === undefined) return found;
    const range = { start: chunkKey(number, first), end: chunkKey(number + 1, 0) };
    for (const { key, value } of this.#positions.getRange(range)) {
      const skip = Math.max(0, revision - key.readUIntBE(4, positionSize));
      for (let at = skip * positionSize; at < value.length; at += positionSize) {
        found.push(value.readUIntBE(at, positionSize));
        if (found.length === count) return found;
      }
    }
    return found;
  }

  /** The newest event of a stream that has the id. */
  revisionOf(number: number, id: string): number | undefined {
    return this.#ids.getBinary(idKey(number, id))?.readUIntBE(0, positionSize);
  }

  /**
   * Takes over what memory knows, in one transaction.
   *
   * @param streamCount the number of streams up to the last event in there
   */
  async save(recent: RecentIndex, streamCount: number): Promise<void> {
    // Sorted, so that neighbours on a page are written together.
    const streams = [...recent.streams].sort(([, a], [, b]) => a.head.number - b.head.number);
    await commit(this.#env, () => {
      for (const [name, stream] of streams) {
        void this.#heads.put(nameKey(name), encodeHead(stream.head));
        this.#saveStream(stream);
      }
      void this.#progress.put(throughKey, sixBytes(recent.through));
      void this.#progress.put(streamCountKey, sixBytes(streamCount));
    });
  }

  close(): Promise<void> {
    const tables = { heads: this.#heads, positions: this.#positions, ids: this.#ids };
    const all = Object.entries({ ...tables, progress: this.#progress });
    return closeSmaller(
      this.#env,
      this.#path,
      all.map(([name, entries]) => ({ name, entries })),
    );
  }

  #saveStream({ head, firstRevision, positions, ids }: RecentStream): void {
    for (let start = 0; start < positions.length; start += positionsPerChunk) {
      const chunk = positions.slice(start, start + positionsPerChunk);
      const key = chunkKey(head.number, firstRevision + start);
      void this.#positions.put(key, Buffer.concat(chunk.map(sixBytes)));
    }
    for (const [id, revision] of ids)
      void this.#ids.put(idKey(head.number, id), sixBytes(revision));
  }

  #chunkStart(number: number, revision: number): number | undefined {
    const range = { start: chunkKey(number, revision), reverse: true, limit: 1 };
    const [key] = this.#positions.getKeys(range);
    if (!key || key.readUInt32BE(0) !== number) return undefined;
    return key.readUIntBE(4, positionSize);
  }

  #number(key: Buffer): number {
    return this.#progress.getBinary(key)?.readUIntBE(0, positionSize) ?? 0;
  }
}

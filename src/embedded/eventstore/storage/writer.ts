import type { Changes } from './changes.js';
import { DiskFull, type DiskSpace } from './disk-space.js';
import type { EventIndex } from './event-index.js';
import type { EventLog } from './event-log.js';
import { WriteBatch } from './write-batch.js';

/** The store was closed before the write was taken up. */
export class StoreClosed extends Error {
  override readonly name = 'StoreClosed';

  constructor() {
    super('the event store is stopping');
  }
}

/** The disk took no more; nothing of the write was kept. */
export class StorageFailed extends Error {
  override readonly name = 'StorageFailed';

  constructor(cause: unknown) {
    super(`the event could not be stored: ${(cause as Error).message}`, { cause });
  }
}

type Waiting = {
  readonly size: number;
  decide(batch: WriteBatch): void;
  succeed(): void;
  fail(error: Error): void;
};

const MAX_BATCH_BYTES = 8 * 1024 * 1024;

/**
 * The one place that writes. All writes waiting, whichever calls and streams they are of, are decided
 * in the order they came and share one transaction and one flush; each is answered after that flush.
 */
export class Writer {
  readonly #log: EventLog;
  readonly #index: EventIndex;
  readonly #changes: Changes;
  readonly #disk: DiskSpace;
  #waiting: Waiting[] = [];
  #working: Promise<void> | undefined;
  readonly #closing = new AbortController();

  constructor(log: EventLog, index: EventIndex, changes: Changes, disk: DiskSpace) {
    this.#disk = disk;
    this.#log = log;
    this.#index = index;
    this.#changes = changes;
  }

  /** Tells when nothing is taken any more; its reason is what refused writes fail with. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /**
   * Has a write decided and committed.
   *
   * @param decide adds events to the batch, all or none, and says what came of it
   * @param size about how many bytes it adds
   * @returns what `decide` said, once everything it rests on is on disk
   * @throws StoreClosed, DiskFull, StorageFailed
   */
  submit<Outcome>(decide: (batch: WriteBatch) => Outcome, size = 0): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      if (this.closing.aborted) return reject(new StoreClosed());
      let outcome: Outcome;
      this.#waiting.push({
        size,
        decide: (batch) => {
          outcome = decide(batch);
        },
        succeed: () => resolve(outcome),
        fail: reject,
      });
      this.#working ??= this.#work();
      return undefined;
    });
  }

  /** Refuses what waits and what comes, and ends once the commit under way did. */
  async close(): Promise<void> {
    this.#closing.abort(new StoreClosed());
    for (const write of this.#waiting.splice(0)) write.fail(new StoreClosed());
    await this.#working;
  }

  async #work(): Promise<void> {
    // What arrives in this turn of the event loop still gets on board.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) await this.#commit(this.#take());
    this.#working = undefined;
  }

  #take(): readonly Waiting[] {
    let count = 0;
    for (let size = 0; count < this.#waiting.length && size < MAX_BATCH_BYTES; count++)
      size += this.#waiting[count]?.size ?? 0;
    return this.#waiting.splice(0, count);
  }

  async #commit(writes: readonly Waiting[]): Promise<void> {
    const batch = new WriteBatch(this.#log, this.#index, Date.now());
    try {
      await this.#index.room();
      await this.#disk.claim(writes.reduce((sum, { size }) => sum + size, 0));
      for (const write of writes) write.decide(batch);
      if (batch.entries.length > 0) await this.#log.append(batch.entries);
    } catch (error) {
      const failure = error instanceof DiskFull ? error : new StorageFailed(error);
      for (const write of writes) write.fail(failure);
      return;
    }
    const grown = this.#index.add(batch.entries);
    for (const write of writes) write.succeed();
    if (grown.size > 0) this.#changes.publish(grown);
  }
}

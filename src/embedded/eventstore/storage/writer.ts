import type { Changes } from './changes.js';
import { CommitWatch } from './commit-watch.js';
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

/** The disk takes too long. Whether the write is kept is not known: a commit cannot be called back. */
export class CommitTimedOut extends Error {
  override readonly name = 'CommitTimedOut';

  constructor() {
    super('the commit takes too long; the event may still be stored');
  }
}

/** The disk took no more; nothing of the write was kept. */
class StorageFailed extends Error {
  override readonly name = 'StorageFailed';

  constructor(cause: unknown) {
    super(`the event could not be stored: ${(cause as Error).message}`, { cause });
  }
}

type Waiting = {
  readonly size: number;
  /** When it is given up if the commit under way hangs; a time of `performance.now()`. */
  readonly dueAt: number;
  decide(batch: WriteBatch): void;
  succeed(): void;
  fail(error: Error): void;
};

const maxBatchBytes = 8 * 1024 * 1024;

/**
 * The one place that writes. All writes waiting, whichever calls and streams they are of, are decided
 * in the order they came and share one transaction and one flush; each is answered after that flush.
 */
export class Writer {
  readonly #log: EventLog;
  readonly #index: EventIndex;
  readonly #changes: Changes;
  readonly #disk: DiskSpace;
  readonly #commitTimeout: number;
  #waiting: Waiting[] = [];
  #working: Promise<void> | undefined;
  readonly #closing = new AbortController();

  /** @param commitTimeout milliseconds */
  constructor(
    log: EventLog,
    index: EventIndex,
    changes: Changes,
    disk: DiskSpace,
    commitTimeout: number,
  ) {
    this.#disk = disk;
    this.#commitTimeout = commitTimeout;
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
   * @param patience `endless` for whoever needs to know what became of the write
   * @returns what `decide` said, once everything it rests on is on disk
   * @throws StoreClosed, DiskFull, StorageFailed; CommitTimedOut if patience is limited
   */
  submit<Outcome>(
    decide: (batch: WriteBatch) => Outcome,
    size = 0,
    patience: 'limited' | 'endless' = 'endless',
  ): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      if (this.closing.aborted) return reject(new StoreClosed());
      let outcome: Outcome;
      this.#waiting.push({
        size,
        dueAt:
          patience === 'endless'
            ? Number.POSITIVE_INFINITY
            : performance.now() + this.#commitTimeout,
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
    for (let size = 0; count < this.#waiting.length && size < maxBatchBytes; count++)
      size += this.#waiting[count]?.size ?? 0;
    return this.#waiting.splice(0, count);
  }

  async #commit(writes: readonly Waiting[]): Promise<void> {
    const batch = new WriteBatch(this.#log, this.#index, Date.now());
    const watch = new CommitWatch(this.#commitTimeout, () => this.#giveUp(writes));
    try {
      await this.#index.room();
      await this.#disk.claim(writes.reduce((sum, { size }) => sum + size, 0));
      for (const write of writes) write.decide(batch);
      if (batch.entries.length > 0) await this.#log.append(batch.entries);
    } catch (error) {
      const failure = error instanceof DiskFull ? error : new StorageFailed(error);
      for (const write of writes) write.fail(failure);
      return;
    } finally {
      watch.stop();
    }
    const grown = this.#index.add(batch.entries);
    for (const write of writes) write.succeed();
    if (grown.size > 0) this.#changes.publish(grown);
  }

  /**
   * Fails what has waited too long. The commit itself goes on, and what it answers later goes
   * nowhere: a promise settles once. What waits behind it is taken back and never written.
   *
   * @returns when to look again, milliseconds from now
   */
  #giveUp(committing: readonly Waiting[]): number {
    const now = performance.now();
    const isLimited = ({ dueAt }: Waiting) => Number.isFinite(dueAt);
    const isLate = ({ dueAt }: Waiting) => dueAt <= now;
    for (const write of [...committing.filter(isLimited), ...this.#waiting.filter(isLate)])
      write.fail(new CommitTimedOut());
    this.#waiting = this.#waiting.filter((write) => !isLate(write));
    const next = this.#waiting.find(isLimited);
    return next ? next.dueAt - now : this.#commitTimeout;
  }
}

import { v4 as newId } from 'uuid';
import { tombstoneRevision } from '../wire/recorded-event.js';
import type { EventIndex } from './event-index.js';
import type { EventLog } from './event-log.js';
import type { LogEntry } from './log-entry.js';
import type { Reader } from './reader.js';

const pageLimit = { events: 256, bytes: 1024 * 1024 };

type Run = { readonly id: string; isStopped: boolean; readonly done: Promise<void> };

/**
 * Takes events out of the log that no read of their stream can show again: those of ended streams
 * and those that metadata hides. One page at a time, in the background; the space is used again for
 * new events. The newest event of each stream stays, as it does in EventStoreDB.
 */
export class Scavenger {
  readonly #log: EventLog;
  readonly #index: EventIndex;
  readonly #reader: Reader;
  #run: Run | undefined;

  constructor(log: EventLog, index: EventIndex, reader: Reader) {
    this.#log = log;
    this.#index = index;
    this.#reader = reader;
  }

  /** Starts a scavenge, unless one is under way. @returns its id, and whether it is a new one */
  start(): Readonly<{ id: string; isNew: boolean }> {
    if (this.#run) return { id: this.#run.id, isNew: false };
    const id = newId();
    const run: Run = { id, isStopped: false, done: Promise.resolve() };
    const done = this.#work(run).finally(() => {
      this.#run = undefined;
    });
    // A scavenge that fails, for want of space, has done no harm: the next one goes on.
    this.#run = Object.assign(run, { done: done.catch(() => undefined) });
    return { id, isNew: true };
  }

  /** Stops the scavenge with this id after its current page. @returns false when there is none */
  async stop(id: string): Promise<boolean> {
    const run = this.#run;
    if (run?.id !== id) return false;
    run.isStopped = true;
    await run.done;
    return true;
  }

  async close(): Promise<void> {
    if (this.#run) await this.stop(this.#run.id);
  }

  /** Settles when no scavenge is under way. */
  async idle(): Promise<void> {
    await this.#run?.done;
  }

  async #work(run: Run): Promise<void> {
    // What the index file lacks is indexed again from the log after a crash, so that has to stay.
    await this.#index.save();
    const end = this.#index.savedThrough;
    for (let next = 1; next <= end && !run.isStopped; ) {
      const page = this.#log
        .readForwards(next, pageLimit)
        .filter(({ position }) => position <= end);
      const dead = page.filter((entry) => this.#isDead(entry)).map(({ position }) => position);
      if (dead.length > 0) await this.#log.remove(dead);
      next = (page.at(-1)?.position ?? end) + 1;
      await new Promise(setImmediate);
    }
  }

  #isDead(entry: LogEntry): boolean {
    const { stream, revision, position } = entry;
    if (revision === tombstoneRevision) return false;
    if (this.#reader.isTombstoned(stream)) return true;
    if (this.#index.head(stream)?.lastPosition === position) return false;
    return !this.#reader.canSee(entry);
  }
}

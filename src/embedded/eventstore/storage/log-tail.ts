import type { LogEntry } from './log-entry.js';

const maxEvents = 8_192;
const maxBytes = 16 * 1024 * 1024;

/**
 * The newest events, kept decoded: most readers stand at the end of the log, and all of them are
 * served with the same objects and bytes.
 */
export class LogTail {
  #entries: LogEntry[] = [];
  #start = 0;
  #bytes = 0;

  /** @param entries follow the last ones without a gap */
  add(entries: readonly LogEntry[]): void {
    for (const entry of entries) {
      this.#entries.push(entry);
      this.#bytes += entry.bytes.length;
    }
    while (this.#size > maxEvents || (this.#bytes > maxBytes && this.#size > 1)) {
      this.#bytes -= this.#entries[this.#start]?.bytes.length ?? 0;
      this.#start++;
    }
    // Those left behind are let go of once they are more than those kept: moving these costs no more.
    if (this.#start > this.#size) {
      this.#entries = this.#entries.slice(this.#start);
      this.#start = 0;
    }
  }

  get(position: number): LogEntry | undefined {
    const index = this.#indexOf(position);
    return index < this.#start ? undefined : this.#entries[index];
  }

  /** Up to `count` events from a position on, or undefined when that position is not kept (any more). */
  from(position: number, count: number): readonly LogEntry[] | undefined {
    const index = this.#indexOf(position);
    if (index < this.#start || index >= this.#entries.length) return undefined;
    return this.#entries.slice(index, index + count);
  }

  clear(): void {
    this.#entries = [];
    this.#start = 0;
    this.#bytes = 0;
  }

  get #size(): number {
    return this.#entries.length - this.#start;
  }

  #indexOf(position: number): number {
    const first = this.#entries[this.#start];
    return first ? this.#start + position - first.position : -1;
  }
}

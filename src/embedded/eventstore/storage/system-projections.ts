import { decideAppend } from './decide-append.js';
import { projectionStream, systemProjections } from './first-events.js';
import { ownEvent } from './own-event.js';
import type { Reader } from './reader.js';
import { parseMetadata } from './stream-settings.js';
import type { Writer } from './writer.js';

const newestOnly = { events: 1, bytes: 1 };

/** Which of the system projections are switched on: the newest event of a projection's stream tells. */
export class SystemProjections {
  readonly #reader: Reader;
  readonly #writer: Writer;

  constructor(reader: Reader, writer: Writer) {
    this.#reader = reader;
    this.#writer = writer;
  }

  /** Whether every node has a projection of this name. */
  has(name: string): boolean {
    return systemProjections.some((known) => known === name);
  }

  isEnabled(name: string): boolean {
    const stream = projectionStream(name);
    const [last] = this.#reader.streamBackwards(
      stream,
      Number.MAX_SAFE_INTEGER,
      newestOnly,
    ).entries;
    return last !== undefined && parseMetadata(last.data)?.enabled === true;
  }

  /** Switches a projection on or off, durably. */
  async setEnabled(name: string, enabled: boolean): Promise<void> {
    if (this.isEnabled(name) === enabled) return;
    const event = ownEvent('$ProjectionUpdated', JSON.stringify({ name, enabled }));
    await this.#writer.submit((batch) =>
      decideAppend(batch, { stream: projectionStream(name), expected: 'any', events: [event] }),
    );
  }
}

import { v4 as newId } from 'uuid';
import { decideAppend } from './decide-append.js';
import { systemProjections } from './first-events.js';
import type { Reader } from './reader.js';
import { parseMetadata } from './stream-settings.js';
import type { Writer } from './writer.js';

const newestOnly = { events: 1, bytes: 1 };

const streamOf = (projection: string) => `$projections-${projection}`;

/** Which of the system projections are switched on: the newest event of a projection's stream tells. */
export class SystemProjections {
  readonly #reader: Reader;
  readonly #writer: Writer;

  constructor(reader: Reader, writer: Writer) {
    this.#reader = reader;
    this.#writer = writer;
  }

  has(name: string): boolean {
    return systemProjections.some((known) => known === name);
  }

  isEnabled(name: string): boolean {
    const stream = streamOf(name);
    const [last] = this.#reader.streamBackwards(
      stream,
      Number.MAX_SAFE_INTEGER,
      newestOnly,
    ).entries;
    return last !== undefined && parseMetadata(last.data)?.enabled === true;
  }

  async setEnabled(name: string, enabled: boolean): Promise<void> {
    if (this.isEnabled(name) === enabled) return;
    const event = {
      id: newId(),
      type: '$ProjectionUpdated',
      isJson: true,
      customMetadata: Buffer.alloc(0),
      data: Buffer.from(JSON.stringify({ name, enabled })),
    };
    await this.#writer.submit((batch) =>
      decideAppend(batch, { stream: streamOf(name), expected: 'any', events: [event] }),
    );
  }
}

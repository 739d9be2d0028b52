import { ProtoReader } from '../../../protobuf/reader.js';
import {
  idFieldSize,
  idOffsetInRecord,
  recordBounds,
  tombstoneRevision,
} from '../wire/recorded-event.js';
import { ticksPerMs } from '../wire/ticks.js';

const linkType = '$>';
const dollar = 0x24;

/** What the server itself has to know of an event, most of the time. */
type Head = Readonly<{ stream: string; revision: number; type: string }>;

/**
 * One event of the log: its stored bytes, and what they say. Nothing is decoded before it is asked
 * for, as most events are only passed on.
 */
export class LogEntry {
  readonly #start: number;
  readonly #end: number;
  #head: Head | undefined;

  /**
   * @param position its place in the log
   * @param bytes as made by `encodeRecorded`
   * @param head saves decoding it, where it is known
   */
  constructor(
    readonly position: number,
    readonly bytes: Buffer,
    head?: Head,
  ) {
    [this.#start, this.#end] = recordBounds(bytes);
    this.#head = head;
  }

  get stream(): string {
    return this.#known().stream;
  }

  get revision(): number {
    return this.#known().revision;
  }

  get type(): string {
    return this.#known().type;
  }

  /** Whether the stream's name begins with `$`. */
  get isOfSystemStream(): boolean {
    const reader = this.#fields();
    reader.field();
    const identifier = reader.message();
    identifier.field();
    identifier.varint();
    return this.bytes[identifier.offset] === dollar;
  }

  get isLink(): boolean {
    return this.type === linkType;
  }

  /** 36 characters, lower case. */
  get id(): string {
    const start = this.#start + idOffsetInRecord;
    return this.bytes.toString('latin1', start, start + 36);
  }

  /** The `RecordedEvent` message alone. */
  get record(): Buffer {
    return this.bytes.subarray(this.#start, this.#end);
  }

  /** Milliseconds since 1970. */
  get created(): number {
    return Number(this.#metadata('created')) / ticksPerMs;
  }

  get data(): Buffer {
    return this.#bytesOf(8);
  }

  get customMetadata(): Buffer {
    return this.#bytesOf(7);
  }

  /** The fields after the id, in the order in which they are written. */
  #fields(): ProtoReader {
    return new ProtoReader(this.bytes, this.#start + idFieldSize, this.#end);
  }

  #known(): Head {
    this.#head ??= this.#decode();
    return this.#head;
  }

  #decode(): Head {
    const reader = this.#fields();
    reader.field();
    const identifier = reader.message();
    identifier.field();
    const stream = identifier.string();
    reader.field();
    const revision = reader.varint();
    return {
      stream,
      revision: revision > Number.MAX_SAFE_INTEGER ? tombstoneRevision : revision,
      type: this.#metadata('type'),
    };
  }

  /** A value of the map that comes with every event: `type`, `content-type` and `created`. */
  #metadata(wanted: string): string {
    const reader = this.#fields();
    for (let field = reader.field(); field; field = reader.field()) {
      if (field !== 6) {
        reader.skip();
        continue;
      }
      const entry = reader.message();
      entry.field();
      if (entry.string() !== wanted) continue;
      entry.field();
      return entry.string();
    }
    return '';
  }

  #bytesOf(wanted: number): Buffer {
    const reader = this.#fields();
    for (let field = reader.field(); field; field = reader.field()) {
      if (field === wanted) return reader.bytes();
      reader.skip();
    }
    return this.bytes.subarray(0, 0);
  }
}

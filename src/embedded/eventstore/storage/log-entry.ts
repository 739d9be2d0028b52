import { ProtoReader } from '../wire/proto-reader.js';
import {
  ID_FIELD_SIZE,
  ID_OFFSET_IN_RECORD,
  recordBounds,
  TOMBSTONE_REVISION,
} from '../wire/recorded-event.js';

const LINK_TYPE = '$>';

/** One event of the log: its stored bytes and what the server itself needs to know of it. */
export class LogEntry {
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly #start: number;
  readonly #end: number;
  readonly #content: number;

  /**
   * @param position its place in the log
   * @param bytes as made by `encodeRecorded`
   */
  constructor(
    readonly position: number,
    readonly bytes: Buffer,
  ) {
    [this.#start, this.#end] = recordBounds(bytes);
    const reader = new ProtoReader(bytes, this.#start + ID_FIELD_SIZE, this.#end);
    reader.field();
    const identifier = reader.message();
    identifier.field();
    this.stream = identifier.string();
    reader.field();
    const revision = reader.varint();
    this.revision = revision > Number.MAX_SAFE_INTEGER ? TOMBSTONE_REVISION : revision;
    reader.field();
    reader.skip();
    reader.field();
    reader.skip();
    reader.field();
    const entry = reader.message();
    entry.field();
    entry.skip();
    entry.field();
    this.type = entry.string();
    this.#content = reader.offset;
  }

  get isLink(): boolean {
    return this.type === LINK_TYPE;
  }

  /** 36 characters, lower case. */
  get id(): string {
    const start = this.#start + ID_OFFSET_IN_RECORD;
    return this.bytes.toString('latin1', start, start + 36);
  }

  /** The `RecordedEvent` message alone. */
  get record(): Buffer {
    return this.bytes.subarray(this.#start, this.#end);
  }

  /** Milliseconds since 1970. */
  get created(): number {
    const reader = this.#contentReader();
    reader.field();
    reader.skip();
    reader.field();
    const entry = reader.message();
    entry.field();
    entry.skip();
    entry.field();
    return Number(entry.string()) / 10_000;
  }

  get isJson(): boolean {
    const reader = this.#contentReader();
    reader.field();
    const entry = reader.message();
    entry.field();
    entry.skip();
    entry.field();
    return entry.string() === 'application/json';
  }

  get data(): Buffer {
    return this.#bytesOf(8);
  }

  get customMetadata(): Buffer {
    return this.#bytesOf(7);
  }

  #contentReader(): ProtoReader {
    return new ProtoReader(this.bytes, this.#content, this.#end);
  }

  #bytesOf(wanted: number): Buffer {
    const reader = this.#contentReader();
    for (let field = reader.field(); field; field = reader.field()) {
      if (field === wanted) return reader.bytes();
      reader.skip();
    }
    return this.bytes.subarray(0, 0);
  }
}

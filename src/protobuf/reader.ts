const malformed = () => new RangeError('malformed protobuf message');

/**
 * Reads the fields of one protobuf message in place: bytes are views of the buffer, nothing is
 * copied. Used where google-protobuf's generated classes would cost more than the work itself.
 */
export class ProtoReader {
  #wireType = 0;

  constructor(
    readonly buffer: Buffer,
    public offset = 0,
    readonly end = buffer.length,
  ) {}

  /** The number of the next field, or 0 at the end of the message. */
  field(): number {
    if (this.offset >= this.end) return 0;
    const tag = this.varint();
    this.#wireType = tag & 7;
    return Math.floor(tag / 8);
  }

  /** An unsigned integer; above 2^53 it is only good for comparing sizes. */
  varint(): number {
    const { buffer } = this;
    let value = 0;
    let factor = 1;
    for (let count = 0; count < 10; count++) {
      const byte = buffer[this.offset++];
      if (byte === undefined) throw malformed();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
    throw malformed();
  }

  /** An unsigned 64-bit integer, exact. */
  uint64(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.buffer[this.offset++];
      if (byte === undefined) throw malformed();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw malformed();
  }

  /**
   * A revision or position: 'end' for all ones, and the largest safe integer for everything that no
   * event can have.
   *
   * @throws RangeError for what EventStoreDB takes as negative
   */
  place(): number | 'end' {
    const start = this.offset;
    const value = this.varint();
    if (value <= Number.MAX_SAFE_INTEGER) return value;
    this.offset = start;
    const exact = this.uint64();
    if (exact === 0xffff_ffff_ffff_ffffn) return 'end';
    if (exact >= 1n << 63n) throw new RangeError(`${exact} is no revision or position`);
    return Number.MAX_SAFE_INTEGER;
  }

  bool(): boolean {
    return this.varint() !== 0;
  }

  bytes(): Buffer {
    const end = this.#lengthEnd();
    const bytes = this.buffer.subarray(this.offset, end);
    this.offset = end;
    return bytes;
  }

  string(): string {
    const end = this.#lengthEnd();
    const text = this.buffer.toString('utf8', this.offset, end);
    this.offset = end;
    return text;
  }

  /** A reader of the message in this field; this reader goes on after it. */
  message(): ProtoReader {
    const end = this.#lengthEnd();
    const inner = new ProtoReader(this.buffer, this.offset, end);
    this.offset = end;
    return inner;
  }

  /** Passes over the value of the field just announced. */
  skip(): void {
    if (this.#wireType === 0) this.varint();
    else if (this.#wireType === 1) this.offset += 8;
    else if (this.#wireType === 2) this.offset = this.#lengthEnd();
    else if (this.#wireType === 5) this.offset += 4;
    else throw malformed();
  }

  #lengthEnd(): number {
    const end = this.varint() + this.offset;
    if (end > this.end) throw malformed();
    return end;
  }
}

import { Buffer } from 'node:buffer';
import type { Long } from 'bson';

// How the contents of a value become bytes that sort as the values do. Keys are written one after another
// into pieces of memory that are not written to again, so that each is a view and no copy. A key that is kept
// keeps its piece.

const pieceBytes = 16 * 1024;

let bytes = Buffer.allocUnsafeSlow(pieceBytes);
let start = 0;
let at = 0;

const reserve = (count: number) => {
  if (at + count <= bytes.length) return;
  const written = at - start;
  const larger = Buffer.allocUnsafeSlow(Math.max(pieceBytes, (written + count) * 2));
  bytes.copy(larger, 0, start, at);
  bytes = larger;
  start = 0;
  at = written;
};

/** Runs what writes a key and returns its bytes. */
export const collect = (write: () => void): Buffer => {
  start = at;
  write();
  return bytes.subarray(start, at);
};

/** How many bytes of the key are written. */
export const length = (): number => at - start;

/** Inverts what is written by `write`, so that it sorts the other way round. */
export const putInverted = (write: () => void): void => {
  const before = length();
  write();
  for (let i = start + before; i < at; i++) bytes[i] = ~(bytes[i] ?? 0);
};

/** Writes one byte of the key. */
export const putByte = (byte: number): void => {
  reserve(1);
  bytes[at++] = byte;
};

/** Writes a whole number of 32 bits, of which none is negative. */
export const putUnsigned32 = (value: number): void => {
  reserve(4);
  at = bytes.writeUInt32BE(value, at);
};

/** Writes bytes of the key as they are. */
export const putRaw = (raw: Uint8Array): void => {
  reserve(raw.length);
  bytes.set(raw, at);
  at += raw.length;
};

/** Writes text as UTF-8 and two zeros. A zero byte inside is followed by 0xff, so that the end sorts before it. */
export const putText = (text: string): void => {
  reserve(text.length * 3 + 2);
  const before = at;
  at += bytes.write(text, at, 'utf8');
  if (text.includes('\0')) {
    const escaped = bytes.toString('latin1', before, at).replaceAll('\0', '\0\xff');
    at = before;
    putRaw(Buffer.from(escaped, 'latin1'));
    reserve(2);
  }
  bytes[at++] = 0;
  bytes[at++] = 0;
};

/** Writes a whole number of 64 bits so that negative ones sort first. */
export const putSigned64 = (value: bigint): void => {
  reserve(8);
  at = bytes.writeBigUInt64BE(BigInt.asUintN(64, value) ^ (1n << 63n), at);
};

const largestExact = 2 ** 53;

/**
 * Writes a double so that its bytes sort as numbers do: sign and exponent come first, those of negative
 * ones inverted, and NaN before all. Beyond 2^53 two more bytes hold how far a 64-bit integer lies
 * above the double below it.
 */
export const putDouble = (value: number, above = 0): void => {
  reserve(10);
  if (Number.isNaN(value)) {
    bytes.fill(0, at, at + 8);
    at += 8;
    return;
  }
  bytes.writeDoubleBE(value === 0 ? 0 : value, at);
  if (value < 0) for (let i = at; i < at + 8; i++) bytes[i] = ~(bytes[i] ?? 0);
  else bytes[at] = (bytes[at] ?? 0) | 0x80;
  at += 8;
  if (Math.abs(value) >= largestExact) at = bytes.writeUInt16BE(above, at);
};

/** Writes a 64-bit integer so that it sorts among doubles: see {@link putDouble}. */
export const putLong = (value: Long): void => {
  const exact = value.toBigInt();
  let below = Number(exact);
  if (BigInt(below) > exact) {
    const bits = new BigInt64Array(new Float64Array([below]).buffer);
    bits[0] = (bits[0] ?? 0n) + (below > 0 ? -1n : 1n);
    below = new Float64Array(bits.buffer)[0] ?? 0;
  }
  putDouble(below, Number(exact - BigInt(below)));
};

/** Writes binary data so that shorter ones come first, then those of a smaller subtype, then byte by byte. */
export const putBinary = (value: Uint8Array, subtype: number): void => {
  reserve(5 + value.length);
  at = bytes.writeUInt32BE(value.length, at);
  bytes[at++] = subtype;
  bytes.set(value, at);
  at += value.length;
};

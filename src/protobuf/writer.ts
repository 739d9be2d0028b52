import { varintSize, writeVarint } from './varint.js';

/** A message without fields. */
export const emptyMessage: Buffer = Buffer.alloc(0);

/** A field that holds an unsigned integer. Zero is written too: inside a oneof it means something. */
export const uintField = (field: number, value: number | bigint): Buffer => {
  if (typeof value === 'bigint') return bigField(field, value);
  const target = Buffer.allocUnsafe(varintSize(field << 3) + varintSize(value));
  writeVarint(target, writeVarint(target, 0, field << 3), value);
  return target;
};

const bigField = (field: number, value: bigint): Buffer => {
  const bytes = [field << 3];
  let rest = BigInt.asUintN(64, value);
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
};

/** A field that holds a 32-bit float. */
export const floatField = (field: number, value: number): Buffer => {
  const target = Buffer.alloc(5);
  target[0] = (field << 3) | 5;
  target.writeFloatLE(value, 1);
  return target;
};

/** A field that holds bytes, or a message made of the parts. */
export const bytesField = (field: number, ...parts: readonly Buffer[]): Buffer => {
  let length = 0;
  for (const part of parts) length += part.length;
  const target = sized(field, length);
  let at = target.length - length;
  for (const part of parts) {
    target.set(part, at);
    at += part.length;
  }
  return target;
};

/** A field that holds text, in UTF-8. */
export const stringField = (field: number, text: string): Buffer => {
  const length = Buffer.byteLength(text);
  const target = sized(field, length);
  target.write(text, target.length - length);
  return target;
};

/** A field with room for so many bytes at its end. */
const sized = (field: number, length: number): Buffer => {
  const tag = (field << 3) | 2;
  const target = Buffer.allocUnsafe(varintSize(tag) + varintSize(length) + length);
  writeVarint(target, writeVarint(target, 0, tag), length);
  return target;
};

/** A field that holds a message without content, such as the cases of a oneof. */
export const emptyField = (field: number): Buffer => bytesField(field, emptyMessage);

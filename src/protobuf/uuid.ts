import type { ProtoReader } from './reader.js';
import { bytesField, stringField, uintField } from './writer.js';

const hex = (text: string) =>
  `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`;

const canonical = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Reads a UUID message, which holds text or two signed 64-bit halves, most significant first.
 *
 * @returns the 36 characters in lower case
 * @throws RangeError when it is no UUID
 */
export const readUuid = (message: ProtoReader): string => {
  let text = '';
  for (let field = message.field(); field; field = message.field()) {
    if (field === 2) text = message.string();
    else if (field === 1) text = readHalves(message.message());
    else message.skip();
  }
  if (canonical.test(text)) return text;
  const lower = hex(text.toLowerCase().replace(/[-{}]/g, ''));
  if (!canonical.test(lower)) throw new RangeError(`not a UUID: ${text}`);
  return lower;
};

const readHalves = (message: ProtoReader): string => {
  const halves = Buffer.alloc(16);
  for (let field = message.field(); field; field = message.field()) {
    if (field === 1 || field === 2) halves.writeBigUInt64BE(message.uint64(), (field - 1) * 8);
    else message.skip();
  }
  return uuidFromBytes(halves);
};

/** The 36 characters for the 16 bytes of a UUID. */
const uuidFromBytes = (bytes: Buffer): string => hex(bytes.toString('hex'));

/** The 16 bytes of a UUID in its 36 characters. */
export const uuidToBytes = (uuid: string): Buffer => Buffer.from(uuid.replaceAll('-', ''), 'hex');

/** The content of a UUID message as two halves. */
export const structuredUuid = (uuid: string): Buffer => {
  const bytes = uuidToBytes(uuid);
  return bytesField(
    1,
    uintField(1, bytes.readBigUInt64BE(0)),
    uintField(2, bytes.readBigUInt64BE(8)),
  );
};

/** The content of a UUID message as text. */
export const textUuid = (uuid: string): Buffer => stringField(2, uuid);

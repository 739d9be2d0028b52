import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { UnreadableRecording } from './unreadable-recording.js';

/**
 * The bytes of a file, unpacked when they begin with gzip's magic number (RFC 1952, 2.3.1).
 *
 * @param maxBytes how many unpacked bytes are let through: the guard against a decompression bomb
 * @throws UnreadableRecording for damaged or truncated gzip, and past maxBytes; errors of the source
 *   pass unchanged
 */
export async function* unpack(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of gunzipped(source)) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes)
      throw new UnreadableRecording(`unpacks to more than ${maxBytes} bytes, which is the limit`);
    yield chunk;
  }
}

async function* gunzipped(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  const head: Uint8Array[] = [];
  let first = Buffer.alloc(0);
  while (first.byteLength < 2) {
    const next = await chunks.next();
    if (next.done) break;
    head.push(next.value);
    first = Buffer.concat([first, next.value.subarray(0, 2)]);
  }
  const all = resumed(head, chunks);
  if (first[0] !== 0x1f || first[1] !== 0x8b) {
    yield* all;
    return;
  }

  const gunzip = createGunzip();
  // The iteration below sees every error of the pipeline: it destroys gunzip with it.
  const feeding = pipeline(Readable.from(all), gunzip).catch(() => undefined);
  try {
    for await (const chunk of gunzip) yield chunk;
  } catch (error) {
    if (!isZlibError(error)) throw error;
    throw new UnreadableRecording(`damaged or truncated gzip (${error.message})`);
  } finally {
    gunzip.destroy();
    await feeding;
  }
}

async function* resumed(
  head: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* head;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

// By its code: zlib's errors need not be of the same realm as this module's Error.
const isZlibError = (error: unknown): error is { code: string; message: string } =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  typeof error.code === 'string' &&
  error.code.startsWith('Z_');

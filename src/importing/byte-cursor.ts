import { UnreadableRecording } from './unreadable-recording.js';

const LINE_FEED = 0x0a;

/** Whether a byte is white space as JSON has it (RFC 8259, section 2). */
export const isSpace = (byte: number): boolean =>
  byte === 0x20 || byte === LINE_FEED || byte === 0x0d || byte === 0x09;

/** A place in a stream of bytes that moves forwards only. */
export type ByteCursor = Readonly<{
  /** The byte at the place, undefined at the end. */
  peek: () => Promise<number | undefined>;
  /** Moves past one byte. */
  skip: () => void;
  skipWhile: (wanted: (byte: number) => boolean) => Promise<void>;
  /**
   * Moves past all bytes that are wanted and returns them.
   *
   * @throws UnreadableRecording past maxBytes of them
   */
  takeWhile: (wanted: (byte: number) => boolean, maxBytes: number) => Promise<Buffer>;
  /** Line ends passed so far. */
  lines: () => number;
}>;

/** Reads chunk by chunk, holding one chunk at a time besides what is being taken. */
export const byteCursor = (source: AsyncIterator<Uint8Array>): ByteCursor => {
  let chunk: Uint8Array = new Uint8Array();
  let at = 0;
  let lines = 0;

  const hasMore = async (): Promise<boolean> => {
    while (at >= chunk.length) {
      const next = await source.next();
      if (next.done) return false;
      chunk = next.value;
      at = 0;
    }
    return true;
  };

  // Returns whether the chunk ended while bytes were still wanted.
  const passOver = (wanted: (byte: number) => boolean): boolean => {
    for (; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (!wanted(byte)) return false;
      if (byte === LINE_FEED) lines++;
    }
    return true;
  };

  return {
    peek: async () => ((await hasMore()) ? chunk[at] : undefined),
    skip: () => {
      if (chunk[at] === LINE_FEED) lines++;
      at++;
    },
    skipWhile: async (wanted) => {
      while ((await hasMore()) && passOver(wanted));
    },
    takeWhile: async (wanted, maxBytes) => {
      const taken: Uint8Array[] = [];
      let bytes = 0;
      let goesOn = true;
      while (goesOn && (await hasMore())) {
        const from = at;
        goesOn = passOver(wanted);
        bytes += at - from;
        if (bytes > maxBytes)
          throw new UnreadableRecording(`one run takes up more than ${maxBytes} bytes unpacked`);
        taken.push(chunk.subarray(from, at));
      }
      return Buffer.concat(taken);
    },
    lines: () => lines,
  };
};

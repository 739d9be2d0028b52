import type { Socket } from 'node:net';
import type { Bytes } from './event-frames.js';

/** One connection's way out, for much that is small. */
export type Outlet = Readonly<{
  /** Has bytes sent, in order, when the process has done what it does now or a little later. */
  write(bytes: Bytes): void;
  /** Sends now what is held: to be called before anything else is written to the connection. */
  flush(): void;
  /** How much waits to be sent, in bytes. */
  backlog(): number;
  /** How much was ever taken by the connection, in bytes. */
  taken(): number;
  /** The least that has to have waited, in bytes, for {@link onEmptied} to tell. */
  mark: number;
  /** Has a listener told whenever nothing waits any more. */
  onEmptied(listener: () => void): void;
}>;

/** Sends what outlets hold, one after another. */
export type Outlets = Readonly<{
  /** @param isOpen whether anything may still be sent: what is held when that ends is let go of */
  to(socket: Socket, isOpen: () => boolean): Outlet;
}>;

// A process that tells thousands of something comes to everything else after so many milliseconds.
const SLICE_MS = 8;
// How many are sent to before the clock is looked at.
const BETWEEN_LOOKS = 16;
// What an outlet holds does not get much larger than this, in bytes.
const MOST_HELD = 64 * 1024;

/**
 * The system call is by far the dearest part of sending a small message: what is written to a
 * connection in quick succession goes out in one.
 */
export const outlets = (): Outlets => {
  const join = joiner();
  let held: (() => void)[] = [];

  const release = () => {
    const until = performance.now() + SLICE_MS;
    let released = 0;
    do {
      for (const end = released + BETWEEN_LOOKS; released < end; released++) held[released]?.();
    } while (released < held.length && performance.now() < until);
    held = held.slice(released);
    if (held.length > 0) setImmediate(release);
  };

  return {
    to: (socket, isOpen) => {
      // Mostly there is one: no list is made for it.
      let first: Buffer | undefined;
      let more: Buffer[] = [];
      let bytes = 0;
      let isListed = false;

      const flush = () => {
        if (!first) return;
        if (isOpen()) socket.write(more.length === 0 ? first : join([first, ...more]));
        first = undefined;
        if (more.length > 0) more = [];
        bytes = 0;
      };
      const letGo = () => {
        isListed = false;
        flush();
      };
      const hold = (part: Buffer) => {
        if (first) more.push(part);
        else first = part;
        bytes += part.length;
        if (bytes > MOST_HELD) flush();
        else if (!isListed) {
          isListed = true;
          if (held.push(letGo) === 1) setImmediate(release);
        }
      };
      /** What comes in parts is large: it is not copied to put it together with others. */
      const sendParts = (parts: Bytes) => {
        socket.cork();
        flush();
        for (const part of parts) socket.write(part);
        socket.uncork();
      };

      return {
        write: (parts) => {
          const [whole] = parts;
          if (!whole) return;
          if (parts.length > 1) sendParts(parts);
          else hold(whole);
        },
        flush,
        backlog: () => bytes + socket.writableLength,
        taken: () => socket.bytesWritten - socket.writableLength,
        // What is held may be held no more by the time that a stream looks whether it is above its mark.
        mark: socket.writableHighWaterMark + MOST_HELD,
        onEmptied: (listener) => void socket.on('drain', listener),
      };
    },
  };
};

/** Puts parts together, once for connections that get the same, one after another. */
const joiner = (): ((parts: Bytes) => Buffer) => {
  let latest: Bytes = [];
  let joined = Buffer.alloc(0);
  return (parts) => {
    const isSame =
      parts.length === latest.length && parts.every((part, index) => part === latest[index]);
    if (!isSame) {
      latest = parts;
      joined = Buffer.concat(parts);
    }
    return joined;
  };
};

import type { Socket } from 'node:net';
import type { Bytes } from './event-frames.js';

/** One connection's way out, for much that is small. */
export type Outlet = Readonly<{
  /** Has bytes sent, in order, at the end of what the process does now or a little later. */
  write(bytes: Bytes): void;
  /** How much waits to be sent, in bytes: more than what is held back for a moment where the other side is slow. */
  backlog(): number;
  /** How much was ever taken by the connection, in bytes. */
  taken(): number;
  /** The least that has to have waited, in bytes, for {@link onEmptied} to tell. */
  mark: number;
  /** Has a listener told whenever nothing waits any more. */
  onEmptied(listener: () => void): void;
}>;

/** Sends what outlets hold, one after another. */
export type Outlets = Readonly<{ to(socket: Socket): Outlet }>;

// A process that tells thousands of something comes to everything else after so many milliseconds.
const SLICE_MS = 8;
// How many are sent to before the clock is looked at.
const BETWEEN_LOOKS = 16;
// What is held does not get much larger than this, in bytes.
const MOST_HELD = 64 * 1024;

/**
 * The system call is by far the dearest part of sending a small message: what is written to a socket
 * in quick succession goes out in one. The socket holds it back, so that whatever else writes to it keeps its place.
 */
export const outlets = (): Outlets => {
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
    to: (socket) => {
      let isHeld = false;
      const letGo = () => {
        if (!isHeld) return;
        isHeld = false;
        socket.uncork();
      };
      return {
        write: (bytes) => {
          if (!isHeld && socket.writableLength <= MOST_HELD) {
            isHeld = true;
            socket.cork();
            if (held.push(letGo) === 1) setImmediate(release);
          }
          for (const part of bytes) socket.write(part);
          if (socket.writableLength > MOST_HELD) letGo();
        },
        backlog: () => socket.writableLength,
        taken: () => socket.bytesWritten - socket.writableLength,
        mark: socket.writableHighWaterMark,
        onEmptied: (listener) => void socket.on('drain', listener),
      };
    },
  };
};

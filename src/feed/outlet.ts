import type { Socket } from 'node:net';
import type { Bytes } from './event-frames.js';

// A process that tells thousands of something comes to everything else after so many milliseconds.
const SLICE_MS = 8;
// How many are sent to before the clock is looked at.
const BETWEEN_LOOKS = 16;
// What an outlet holds does not get much larger than this, in bytes.
const MOST_HELD = 64 * 1024;

/** Sends what outlets hold, one after another. */
export type Outlets = Readonly<{
  /** @param isOpen whether anything may still be sent: what is held when that ends is let go of */
  to(socket: Socket, isOpen: () => boolean): Outlet;
}>;

/**
 * The system call is by far the dearest part of sending a small message: what is written to a
 * connection in quick succession goes out in one.
 */
export const outlets = (): Outlets => {
  const join = joiner();
  let held: Outlet[] = [];

  const release = () => {
    const until = performance.now() + SLICE_MS;
    let released = 0;
    do {
      for (const end = released + BETWEEN_LOOKS; released < end; released++)
        held[released]?.letGo();
    } while (released < held.length && performance.now() < until);
    held = held.slice(released);
    if (held.length > 0) setImmediate(release);
  };

  const hold = (outlet: Outlet) => {
    if (held.push(outlet) === 1) setImmediate(release);
  };

  return { to: (socket, isOpen) => new Outlet(socket, isOpen, join, hold) };
};

/** One connection's way out, for much that is small. There are thousands: hence fields, and no functions of its own. */
export class Outlet {
  // Mostly there is one: no list is made for it.
  #first: Buffer | undefined;
  #more: Buffer[] = [];
  #bytes = 0;
  #isHeld = false;
  readonly #socket: Socket;
  readonly #isOpen: () => boolean;
  readonly #join: (parts: Bytes) => Buffer;
  readonly #hold: (outlet: Outlet) => void;

  constructor(
    socket: Socket,
    isOpen: () => boolean,
    join: (parts: Bytes) => Buffer,
    hold: (outlet: Outlet) => void,
  ) {
    this.#socket = socket;
    this.#isOpen = isOpen;
    this.#join = join;
    this.#hold = hold;
  }

  /** How much has to have waited for {@link onEmptied} to tell, in bytes: what is held comes on top of a stream's mark. */
  get mark(): number {
    return this.#socket.writableHighWaterMark + MOST_HELD;
  }

  /** How much waits to be sent, in bytes. */
  get backlog(): number {
    return this.#bytes + this.#socket.writableLength;
  }

  /** How much was ever taken by the connection, in bytes. */
  get taken(): number {
    return this.#socket.bytesWritten - this.#socket.writableLength;
  }

  /** Has a listener told whenever nothing waits any more. */
  onEmptied(listener: () => void): void {
    this.#socket.on('drain', listener);
  }

  /** Has bytes sent, in order, when the process has done what it does now or a little later. */
  write(parts: Bytes): void {
    const [whole] = parts;
    if (parts.length === 1 && whole) this.#keep(whole);
    else this.#sendNow(parts);
  }

  /** Sends now what is held: to be called before anything else is written to the connection. */
  flush(): void {
    const first = this.#first;
    if (!first) return;
    const more = this.#more;
    this.#first = undefined;
    this.#bytes = 0;
    if (more.length > 0) this.#more = [];
    if (this.#isOpen())
      this.#socket.write(more.length === 0 ? first : this.#join([first, ...more]));
  }

  /** For whoever was asked to hold it. */
  letGo(): void {
    this.#isHeld = false;
    this.flush();
  }

  #keep(part: Buffer): void {
    if (this.#first) this.#more.push(part);
    else this.#first = part;
    this.#bytes += part.length;
    if (this.#bytes > MOST_HELD) this.flush();
    else if (!this.#isHeld) {
      this.#isHeld = true;
      this.#hold(this);
    }
  }

  /** What comes in parts is large: it is not copied to put it together with others. */
  #sendNow(parts: Bytes): void {
    this.#socket.cork();
    this.flush();
    for (const part of parts) this.#socket.write(part);
    this.#socket.uncork();
  }
}

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

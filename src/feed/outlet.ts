import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Bytes, Frame } from './event-frames.js';

// A process that tells thousands of something comes to everything else after so many milliseconds.
const sliceMs = 8;
// How many are sent to before the clock is looked at.
const betweenLooks = 16;
// So many are told before any of them is sent to: what is looked up to tell them stays in the processor's cache,
// from which a system call for each drives it.
const mostReady = 256;
// What an outlet holds does not get much larger than this, in bytes.
const mostHeld = 64 * 1024;

/** The state of a WebSocket. */
type State = Pick<WebSocket, 'readyState' | 'OPEN'>;

/** Sends what outlets hold, one after another. */
export type Outlets = Readonly<{
  /** @param state whether anything may still be sent: what is held when it is no longer open is let go of */
  to(socket: Socket, state: State): Outlet;
}>;

/**
 * Makes ways out for the connections of a process. What costs most about sending a small message is the
 * system call, so what is written to a connection in quick succession goes out in one.
 */
export const outlets = (): Outlets => {
  let held: Outlet[] = [];

  const release = () => {
    const until = performance.now() + sliceMs;
    let released = 0;
    do {
      for (const end = released + betweenLooks; released < end; released++) held[released]?.letGo();
    } while (released < held.length && performance.now() < until);
    held = held.slice(released);
    if (held.length > 0) setImmediate(release);
  };

  const hold = (outlet: Outlet) => {
    if (held.push(outlet) === 1) setImmediate(release);
  };

  let ready: Outlet[] = [];

  const sendReady = () => {
    const all = ready;
    ready = [];
    for (const outlet of all) outlet.flush();
  };

  const sendSoon = (outlet: Outlet) => {
    const count = ready.push(outlet);
    if (count === 1) process.nextTick(sendReady);
    else if (count === mostReady) sendReady();
  };

  const shared = { join: joiner(), hold, sendSoon };
  return { to: (socket, state) => new Outlet(socket, state, shared) };
};

/** What the outlets of a process have in common. */
type Shared = Readonly<{
  join: Joiner;
  /** Has an outlet release what it holds when the process has done what it does now, or a little later. */
  hold(outlet: Outlet): void;
  /** Has an outlet send what it holds before the process does anything else. */
  sendSoon(outlet: Outlet): void;
}>;

/** One connection's way out, for much that is small. There are thousands: hence fields, and no functions of its own. */
export class Outlet {
  // What is held: frames in a row, and what was held before that and is in no row with it.
  #first: Frame | undefined;
  #last: Frame | undefined;
  #before: Buffer[] | undefined;
  #bytes = 0;
  // How much waited in the socket when it was written to last, or when the outlet began to hold.
  #waited = 0;
  #isHeld = false;
  readonly #socket: Socket;
  readonly #state: State;
  readonly #shared: Shared;

  constructor(socket: Socket, state: State, shared: Shared) {
    this.#socket = socket;
    this.#state = state;
    this.#shared = shared;
  }

  /** How much has to have waited for {@link onEmptied} to tell, in bytes: what is held comes on top of a stream's mark. */
  get mark(): number {
    return this.#socket.writableHighWaterMark + mostHeld;
  }

  /** Whether anything may still be sent. */
  get isOpen(): boolean {
    return this.#state.readyState === this.#state.OPEN;
  }

  /** How much waits to be sent, in bytes. */
  get backlog(): number {
    return this.#bytes + this.#socket.writableLength;
  }

  /** Whether more than so much waits, in bytes: to be asked often, since the socket mostly need not be. */
  isOver(limit: number): boolean {
    if (this.#isHeld && this.#waited + this.#bytes <= limit) return false;
    return this.backlog > limit;
  }

  /** How much was ever taken by the connection, in bytes. */
  get taken(): number {
    return this.#socket.bytesWritten - this.#socket.writableLength;
  }

  /** Has a listener told whenever nothing waits any more. */
  onEmptied(listener: () => void): void {
    this.#socket.on('drain', listener);
  }

  /**
   * Has a frame sent, in order and with what is held: before the process does anything else if it is the last for
   * the time being, and else when the process has done what it does now or a little later.
   */
  write(frame: Frame, isLast: boolean): void {
    if (frame.bytes.length > 1) this.#sendNow(frame.bytes);
    else this.#keep(frame, isLast);
  }

  /** Sends now what is held: to be called before anything else is written to the connection. */
  flush(): void {
    const first = this.#first;
    const last = this.#last;
    if (!first || !last) return;
    const before = this.#before;
    this.#first = undefined;
    this.#last = undefined;
    this.#bytes = 0;
    this.#before = undefined;
    if (!this.isOpen) return;
    const row = this.#shared.join.row(first, last);
    this.#socket.write(before ? this.#shared.join.parts([...before, row]) : row);
    this.#waited = this.#socket.writableLength;
  }

  /** For whoever was asked to hold it. */
  letGo(): void {
    this.#isHeld = false;
    this.flush();
  }

  #keep(frame: Frame, isLast: boolean): void {
    if (this.#last?.following !== frame) {
      if (this.#first && this.#last) {
        this.#before ??= [];
        this.#before.push(this.#shared.join.row(this.#first, this.#last));
      }
      this.#first = frame;
    }
    this.#last = frame;
    this.#bytes += frame.length;
    if (this.#bytes > mostHeld) this.flush();
    else if (isLast) this.#shared.sendSoon(this);
    else if (!this.#isHeld) {
      this.#isHeld = true;
      this.#waited = this.#socket.writableLength;
      this.#shared.hold(this);
    }
  }

  /** What comes in parts is large: it is not copied to put it together with others. */
  #sendNow(parts: Bytes): void {
    this.#socket.cork();
    this.flush();
    for (const part of parts) this.#socket.write(part);
    this.#socket.uncork();
    this.#waited = this.#socket.writableLength;
  }
}

/** Puts together what is sent at a time, once for connections that get the same, one after another. */
type Joiner = Readonly<{
  /** Frames of one part each, from one to another that follows it. */
  row(first: Frame, last: Frame): Buffer;
  parts(parts: Bytes): Buffer;
}>;

const joiner = (): Joiner => {
  let row: Readonly<{ first: Frame; last: Frame; joined: Buffer }> | undefined;
  let latest: Bytes = [];
  let joined = Buffer.alloc(0);
  return {
    row: (first, last) => {
      const [only] = first.bytes;
      if (first === last && only) return only;
      if (row?.first !== first || row.last !== last)
        row = { first, last, joined: Buffer.concat(partsOf(first, last)) };
      return row.joined;
    },
    parts: (parts) => {
      const isSame =
        parts.length === latest.length && parts.every((part, index) => part === latest[index]);
      if (!isSame) {
        latest = parts;
        joined = Buffer.concat(parts);
      }
      return joined;
    },
  };
};

const partsOf = (first: Frame, last: Frame): Bytes => {
  const parts: Buffer[] = [];
  for (let frame: Frame | undefined = first; frame; frame = frame.following) {
    parts.push(...frame.bytes);
    if (frame === last) break;
  }
  return parts;
};

import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { MongoError, MongoNetworkError } from 'mongodb';
import { type UnderWay, underWay } from '../memory/under-way.js';

/** What is used here of the driver's connection, which its types do not show. */
type DriverConnection = EventEmitter &
  Readonly<{ closed: boolean; error: Error | null }> & { writeCommand: WriteCommand };
/** How what is being written on a connection ends with it. */
type Ends = UnderWay<() => void, () => void>;
type WriteCommand = (this: DriverConnection, ...args: unknown[]) => Promise<void>;

const mended = Symbol.for('forkline.closed-connections');

/**
 * Has a command end when its connection does while it is being written. The driver waits for `drain` when
 * a socket does not take a command at once. One that the other side has closed takes nothing and
 * never drains, and for a moment the driver has not heard of that (7.8.0 and 7.9.0,
 * `writeCommand` in lib/cmap/connection.js). The command then waits for ever; when it is the
 * driver's own question whether the server is there, the driver does not find it again until this
 * process is started anew. What the socket itself throws there becomes a MongoNetworkError, as elsewhere.
 */
export const endWritesWithTheirConnection = (): void => {
  const driver = createRequire(import.meta.url)('mongodb/lib/cmap/connection.js');
  const { prototype } = driver.Connection as { prototype: DriverConnection };
  const write = prototype.writeCommand;
  if (mended in write) return;

  const ends = new WeakMap<DriverConnection, Ends>();
  const endsOn = (connection: DriverConnection): Ends => {
    const known = ends.get(connection);
    if (known) return known;
    const begun = underWay<() => void, () => void>();
    ends.set(connection, begun);
    connection.once('close', () => {
      for (const end of begun.values()) end();
    });
    return begun;
  };

  const writeUnlessClosed: WriteCommand = function (...args) {
    return new Promise((resolve, reject) => {
      const end = () => reject(this.error ?? new MongoNetworkError('the connection was closed'));
      if (this.closed) return end();
      const writing = endsOn(this);
      writing.set(end, end);
      write.apply(this, args).then(
        () => {
          writing.delete(end);
          resolve();
        },
        (error: unknown) => {
          writing.delete(end);
          const isOfSocket = !(error instanceof MongoError) && isSystemError(error);
          reject(isOfSocket ? new MongoNetworkError(error.message, { cause: error }) : error);
        },
      );
    });
  };
  prototype.writeCommand = Object.assign(writeUnlessClosed, { [mended]: true });
};

/** An error of the operating system or of a socket, such as EPIPE. */
const isSystemError = (error: unknown): error is Error & Readonly<{ code: string }> =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string';

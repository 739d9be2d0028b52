import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { MongoError, MongoNetworkError } from 'mongodb';

/** What is used here of the driver's connection, which its types do not show. */
type DriverConnection = EventEmitter &
  Readonly<{ closed: boolean; error: Error | null }> & { writeCommand: WriteCommand };
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

  const writeUnlessClosed: WriteCommand = async function (...args) {
    let onClose = (): void => {};
    const closed = new Promise<never>((_, reject) => {
      onClose = () => reject(this.error ?? new MongoNetworkError('the connection was closed'));
      this.once('close', onClose);
    });
    if (this.closed) onClose();
    try {
      await Promise.race([closed, write.apply(this, args)]);
    } catch (error) {
      if (error instanceof MongoError || !isSystemError(error)) throw error;
      throw new MongoNetworkError(error.message, { cause: error });
    } finally {
      this.off('close', onClose);
    }
  };
  prototype.writeCommand = Object.assign(writeUnlessClosed, { [mended]: true });
};

/** An error of the operating system or of a socket, such as EPIPE. */
const isSystemError = (error: unknown): error is Error & Readonly<{ code: string }> =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string';

import type { ClientStream, DuplexStream } from './service.js';

/**
 * Hands over a call's messages as they come.
 *
 * @param take must not wait; if it throws, nothing more is handed over
 * @param signal ends it before the client does
 * @returns when the client has sent all, or is gone
 * @throws what `take` threw, or the signal's reason
 */
export const eachMessage = (
  call: ClientStream | DuplexStream,
  take: (message: Buffer) => void,
  signal?: AbortSignal,
): Promise<void> =>
  new Promise((resolve, reject) => {
    let hasFailed = false;
    call.on('data', (message: Buffer) => {
      if (hasFailed) return;
      try {
        take(message);
      } catch (error) {
        // An async iterator would destroy the call here, and with it the way to tell.
        hasFailed = true;
        reject(error);
      }
    });
    call.on('end', resolve);
    call.on('cancelled', resolve);
    call.on('error', reject);
    if (!signal) return;
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
    call.on('close', () => signal.removeEventListener('abort', abort));
  });

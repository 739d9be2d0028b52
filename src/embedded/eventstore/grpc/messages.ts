import type { ClientStream, DuplexStream } from './service.js';

/**
 * Hands over a call's messages as they come.
 *
 * @param take must not wait; if it throws, nothing more is handed over
 * @returns when the client has sent all, or is gone
 * @throws what `take` threw
 */
export const eachMessage = (
  call: ClientStream | DuplexStream,
  take: (message: Buffer) => void,
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
  });

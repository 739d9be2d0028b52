import { once } from 'node:events';
import type { Response } from 'express';

/**
 * Sends pieces of text as they come, no faster than they are taken. When the other side goes away
 * the source is ended.
 */
export const sendPieces = async (
  response: Response,
  contentType: string,
  pieces: AsyncIterable<string>,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> => {
  response.status(200).set({ 'Content-Type': contentType, ...headers });
  const closed = once(response, 'close').catch(() => {});
  for await (const piece of pieces) {
    if (response.destroyed) return;
    if (!response.write(piece)) await Promise.race([once(response, 'drain'), closed]);
  }
  response.end();
};

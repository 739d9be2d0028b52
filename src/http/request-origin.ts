import type { IncomingMessage } from 'node:http';
import type { RequestOrigin } from '../commands/request.js';
import type { ClientAddressOf } from './client-address.js';

/** In characters: those of browsers have some 150. */
const longestUserAgent = 200;

/** Where requests come from, for the audit. */
export const originOf =
  (clientAddressOf: ClientAddressOf) =>
  (request: IncomingMessage): RequestOrigin => {
    const userAgent = request.headers['user-agent']?.slice(0, longestUserAgent);
    return {
      clientAddress: clientAddressOf(request),
      ...(userAgent !== undefined && userAgent !== '' && { userAgent }),
    };
  };

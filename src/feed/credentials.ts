import type { IncomingMessage } from 'node:http';
import { queryOf } from './refusal.js';

/**
 * Takes the token from the query parameter `access_token`, for browsers, which cannot give a
 * WebSocket headers, and puts it where any other request has it. A token in the header wins.
 */
export const takeTokenFromQuery = (request: IncomingMessage): void => {
  const token = queryOf(request).get('access_token');
  if (token) request.headers.authorization ??= `Bearer ${token}`;
};

/**
 * Whether a page of some other site asks without saying who it is. Browsers let any page open a
 * WebSocket to anywhere, this machine included; where no authentication is configured, such a page
 * would pass for the user. A page of this machine may, and so may whoever names a user or has a token.
 */
export const isForeignPage = ({ headers }: IncomingMessage): boolean =>
  headers.origin !== undefined &&
  headers.authorization === undefined &&
  headers['x-user-id'] === undefined &&
  !isOfThisMachine(headers.origin);

const isOfThisMachine = (origin: string): boolean => {
  const { hostname } = URL.canParse(origin) ? new URL(origin) : { hostname: '' };
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
};

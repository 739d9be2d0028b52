import type { IncomingMessage } from 'node:http';
import { pathOf, queryOf } from './refusal.js';

/**
 * Takes the token from the query parameter `access_token`, for browsers, which cannot give a
 * WebSocket headers, and puts it where any other request has it. A token in the header wins.
 */
export const takeTokenFromQuery = (request: IncomingMessage): void => {
  const token = queryOf(request).get('access_token');
  if (token) request.headers.authorization ??= `Bearer ${token}`;
};

/**
 * Whether a page of some site asks, other than one of this machine. Browsers let any page open a
 * WebSocket to anywhere, this machine included. Neither a token nor a user can be named in its
 * headers by a page: where there is one, something else asks, such as a proxy.
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

/** The same request without what its query holds. */
export const withoutQuery = (request: IncomingMessage): IncomingMessage =>
  Object.create(request, { url: { value: pathOf(request) } });

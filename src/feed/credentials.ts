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

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from '../commands/request.js';
import { refusedBy } from './access.js';
import { countRequest } from './count-request.js';
import { limitOf } from './limit-of.js';
import { Problem } from './problem.js';
import { type RateLimits, rateLimitHeaders, tooMany } from './rate-limits.js';
import type { Route } from './route.js';
import type { Services } from './services.js';

/**
 * Counts the requests of an endpoint, before their bodies are read. The function made throws Problem `rate-limited` for those
 * that are too many.
 */
export const limitRequests = (
  route: Route,
  { rateLimits, originOf }: Pick<Services, 'rateLimits' | 'originOf'>,
) => {
  const name = limitOf(route);
  return async (
    caller: Caller | undefined,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> => {
    const counted = await countRequest(rateLimits, name, caller, () => originOf(request));
    if (!counted) return;
    for (const [header, value] of Object.entries(rateLimitHeaders(counted)))
      response.setHeader(header, value);
    if (counted.isOver) throw new Problem('rate-limited', tooMany(counted));
  };
};

/** Counts the WebSockets that are asked for. The function made says why one is refused. */
export const limitFeeds =
  (limits: RateLimits, originOf: Services['originOf']) =>
  async (request: IncomingMessage, caller: Caller | undefined) => {
    const counted = await countRequest(limits, 'feed', caller, () => originOf(request));
    if (!counted?.isOver) return undefined;
    const problem = new Problem('rate-limited', tooMany(counted), {}, rateLimitHeaders(counted));
    return refusedBy(problem);
  };

import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import type { Caller } from '../commands/request.js';
import { refusedBy } from './access.js';
import { countRequest } from './count-request.js';
import { limitOf } from './limit-of.js';
import { Problem } from './problem.js';
import { type RateLimits, rateLimitHeaders, tooMany } from './rate-limits.js';
import type { Route } from './route.js';
import type { Services } from './services.js';

/** Counts the requests of an endpoint, and refuses those that are too many, before their bodies are read. */
export const limitRequests = (
  route: Route,
  { identify, rateLimits, originOf }: Pick<Services, 'identify' | 'rateLimits' | 'originOf'>,
): RequestHandler => {
  const name = limitOf(route);
  return async (request, response, next) => {
    const { clientAddress } = originOf(request);
    const counted = await countRequest(rateLimits, name, await identify(request), clientAddress);
    if (counted)
      for (const [header, value] of Object.entries(rateLimitHeaders(counted)))
        response.setHeader(header, value);
    if (counted?.isOver) throw new Problem('rate-limited', tooMany(counted));
    next();
  };
};

/** Counts the WebSockets that are asked for. The function made says why one is refused. */
export const limitFeeds =
  (limits: RateLimits, originOf: Services['originOf']) =>
  async (request: IncomingMessage, caller: Caller | undefined) => {
    const { clientAddress } = originOf(request);
    const counted = await countRequest(limits, 'feed', caller, clientAddress);
    if (!counted?.isOver) return undefined;
    const problem = new Problem('rate-limited', tooMany(counted), {}, rateLimitHeaders(counted));
    return refusedBy(problem);
  };

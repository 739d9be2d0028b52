import { z } from 'zod';
import { publishedAs } from '../published.js';
import { type Route, route } from '../route.js';
import type { Services } from '../services.js';

const names = { type: 'string', description: 'Names, separated by commas.' };

const asked = {
  type: 'object',
  properties: {
    categories: names,
    streams: names,
    types: names,
    topics: names,
    sessionId: { type: 'string' },
    from: {
      type: 'string',
      pattern: '^(now|start|\\d{1,16})$',
      default: 'now',
      description: 'After which position.',
    },
    access_token: { type: 'string', description: 'For browsers, which send no headers here.' },
  },
};

/** The feed as server-sent events. The WebSocket that gives the same is served beside the routes. */
export const feedRoutes = ({ serveFeedEvents }: Services): readonly Route[] => [
  route({
    method: 'get',
    path: '/v1/feed/sse',
    access: 'caller',
    // The feed checks its own query, which it shares with the WebSocket.
    query: publishedAs(z.record(z.string(), z.unknown()), asked),
    operationId: 'followFeed',
    summary: 'Follow the feed as server-sent events',
    answers: { 200: { 'text/event-stream': z.string() } },
    handle: async ({ request }, { caller }) => ({
      write: async (response) => serveFeedEvents(request, response, caller),
    }),
  }),
];

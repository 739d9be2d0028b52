import { z } from 'zod';
import { type Route, route } from '../route.js';
import type { Services } from '../services.js';

/** The feed as server-sent events. The WebSocket that gives the same is served beside the routes. */
export const feedRoutes = ({ serveFeedEvents }: Services): readonly Route[] => [
  route({
    method: 'get',
    path: '/v1/feed/sse',
    access: 'caller',
    // The feed checks its own query, which it shares with the WebSocket.
    query: z.record(z.string(), z.unknown()),
    operationId: 'followFeed',
    summary: 'Follow the feed as server-sent events',
    answers: { 200: { 'text/event-stream': z.string() } },
    handle: async ({ request }, { caller }) => ({
      write: async (response) => serveFeedEvents(request, response, caller),
    }),
  }),
];

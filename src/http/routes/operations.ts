import { type Route, route } from '../route.js';
import type { Services } from '../services.js';

/** What administrators look at. */
export const operationRoutes = ({ runner }: Services): readonly Route[] => [
  route({
    method: 'get',
    path: '/v1/projections',
    adminOnly: true,
    handle: async () => ({
      status: 200,
      body: {
        items: runner.status().map((status) => ({ ...status, position: String(status.position) })),
        next: null,
      },
    }),
  }),
];

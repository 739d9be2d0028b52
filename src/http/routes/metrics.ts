import { z } from 'zod';
import { type Route, route } from '../route.js';
import type { Services } from '../services.js';

/** What the node measures, for Prometheus and whoever reads its format. */
export const metricsRoutes = ({ metrics }: Pick<Services, 'metrics'>): readonly Route[] => [
  route({
    method: 'get',
    path: '/metrics',
    access: 'admin',
    operationId: 'readMetrics',
    summary: 'Read what this node measures, in the text format of Prometheus',
    answers: { 200: { 'text/plain': z.string() } },
    handle: async () => {
      const { contentType, text } = await metrics();
      return {
        status: 200,
        headers: { 'Content-Type': contentType, 'Cache-Control': 'no-store' },
        body: text,
      };
    },
  }),
];

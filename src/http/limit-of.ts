import type { Method } from './route.js';

/** What callers may do so and so many times in some seconds, each for itself. */
export type LimitName = 'reads' | 'writes' | 'work' | 'bulk' | 'feed' | 'unauthenticated';

/** Every endpoint that is counted neither as a read, for a GET, nor as a write. */
const others: Readonly<Record<string, LimitName>> = {
  'post /v1/queues/:queue/claim': 'work',
  'post /v1/tasks/:id/heartbeat': 'work',
  'post /v1/tasks/:id/progress': 'work',
  'post /v1/tasks/:id/complete': 'work',
  'post /v1/tasks/:id/fail': 'work',
  'post /v1/tasks/complete': 'work',
  'post /v1/workers/:id/heartbeat': 'work',
  'post /v1/sessions/import': 'bulk',
  'get /v1/sessions/:id/export': 'bulk',
  'post /v1/projections/rebuild': 'bulk',
  'post /v1/projections/:name/rebuild': 'bulk',
  'get /v1/feed/sse': 'feed',
};

/** Those endpoints, as `method path`: each has to be one that there is, which a test looks at. */
export const endpointsWithOtherLimits = Object.keys(others);

/** Which limit the requests of an endpoint count against, for callers who are known. */
export const limitOf = ({ method, path }: Readonly<{ method: Method; path: string }>): LimitName =>
  others[`${method} ${path}`] ?? (method === 'get' ? 'reads' : 'writes');

import type { RequestHandler } from 'express';
import { requestIdOf } from './context.js';
import { Problem } from './problem.js';
import type { Readiness } from './readiness.js';

/** Answers while the process runs, whatever its stores do. */
export const healthz: RequestHandler = (_request, response) => {
  response.json({ status: 'ok' });
};

/** Answers 200 while the node is ready, 503 with what is wrong otherwise. */
export const readyz =
  ({ check }: Readiness): RequestHandler =>
  async (request, response) => {
    const checks = await check();
    const failed = checks.filter(({ ok }) => !ok).map(({ name, reason }) => `${name}: ${reason}`);
    if (failed.length === 0) {
      response.json({ status: 'ready', checks });
      return;
    }
    const problem = new Problem('not-ready', failed.join(', '), { checks });
    response
      .status(problem.status)
      .set({ 'Content-Type': 'application/problem+json', 'Retry-After': '1' })
      .send(JSON.stringify(problem.document(request.path, requestIdOf(response))));
  };

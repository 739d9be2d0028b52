import type { IncomingMessage } from 'node:http';
import express, { type ErrorRequestHandler, type Express } from 'express';
import helmet from 'helmet';
import { requestIdOf } from './context.js';
import { healthz, readyz } from './health.js';
import { Problem } from './problem.js';
import type { Method, Route } from './route.js';
import { sendProblem, serveRoute } from './serve-route.js';
import type { Services } from './services.js';

/** The largest JSON body, in bytes. */
export const largestBody = 1024 * 1024;

/** Makes the application of a table of routes. */
export const createApp = (routes: readonly Route[], services: Services): Express => {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use(helmet());

  app.get('/healthz', healthz);
  app.get('/readyz', readyz(services));

  const json = express.json({ limit: largestBody, strict: false, type: isJson });
  for (const [path, methods] of byPath(routes)) {
    const resource = app.route(path);
    for (const route of methods)
      resource[route.method](
        ...(route.takesFile ? [] : [refuseOtherTypes, json]),
        serveRoute(route, services),
      );
    resource.all((request, response) => {
      const allowed = methods.map(({ method }) => method.toUpperCase()).join(', ');
      response.setHeader('X-Request-Id', requestIdOf(request));
      const problem = new Problem('method-not-allowed', undefined, {}, { Allow: allowed });
      sendProblem(problem, request, response, requestIdOf(request), services);
    });
  }

  app.use((request, response) => {
    const requestId = requestIdOf(request);
    response.setHeader('X-Request-Id', requestId);
    sendProblem(new Problem('not-found'), request, response, requestId, services);
  });
  const failed: ErrorRequestHandler = (error, request, response, _next) => {
    const requestId = requestIdOf(request);
    response.setHeader('X-Request-Id', requestId);
    sendProblem(error, request, response, requestId, services);
  };
  app.use(failed);
  return app;
};

const byPath = (routes: readonly Route[]): ReadonlyMap<string, readonly Route[]> => {
  const paths = new Map<string, Route[]>();
  for (const route of routes) paths.set(route.path, [...(paths.get(route.path) ?? []), route]);
  return paths;
};

const isJson = ({ headers }: IncomingMessage): boolean =>
  /^application\/(?:[\w.+-]+\+)?json\b/i.test(headers['content-type'] ?? '');

const bodyless: ReadonlySet<string> = new Set<Method | string>(['GET', 'HEAD', 'DELETE']);

/** A body that is not JSON is refused rather than taken for none. */
const refuseOtherTypes: express.RequestHandler = (request, _response, next) => {
  const hasBody =
    request.headers['transfer-encoding'] !== undefined ||
    Number(request.headers['content-length'] ?? 0) > 0;
  if (hasBody && !bodyless.has(request.method) && !isJson(request))
    throw new Problem('unsupported-media-type', 'the body must be application/json');
  next();
};

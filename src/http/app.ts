import type { IncomingMessage } from 'node:http';
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from 'express';
import { version } from '../version.js';
import { giveRequestId } from './context.js';
import { crossOrigin, keepPagesOut } from './cross-origin.js';
import { healthz, readyz } from './health.js';
import { onceByKey } from './idempotency.js';
import { inOne } from './in-one.js';
import { limitRequests } from './limit-requests.js';
import { docsPage } from './openapi/docs-page.js';
import { serveDocument } from './openapi/serve-document.js';
import { malformed, Problem } from './problem.js';
import type { Method, Route } from './route.js';
import { keepFromCaches, securityHeaders } from './security-headers.js';
import { sendProblem, serveRoute } from './serve-route.js';
import type { Services } from './services.js';
import { refuseUnstorable } from './storable.js';

const feedPath = '/v1/feed';

/** The largest JSON body, in bytes. */
const largestBody = 1024 * 1024;

/**
 * Makes the Express application that serves a table of routes, with what surrounds them all: request
 * ids, headers, rules for pages in browsers, and refusals.
 */
export const createApp = (table: readonly Route[], services: Services): Express => {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  const { pages } = services;
  const refuse = (error: unknown, request: Request, response: Response) =>
    sendProblem(error, request, response, services);
  /** Answers for every method that a resource does not have. */
  const onlyBy = (methods: readonly Method[]): RequestHandler => {
    const names = methods.flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method]));
    const Allow = names.join(', ').toUpperCase();
    return (request, response) =>
      refuse(new Problem('method-not-allowed', undefined, {}, { Allow }), request, response);
  };

  const shelves = new Map<string, Router>();
  const surround = inOne([
    ...[giveRequestId, securityHeaders, refuseWithoutHost, crossOrigin(pages), keepPagesOut(pages)],
    keepFromCaches,
    // Before all else: most requests are for these.
    (request, response, next) => {
      const shelf = shelves.get(shelfOf(request.path));
      if (shelf) shelf(request, response, next);
      else next();
    },
  ]);
  app.use(surround);

  app
    .route('/healthz')
    .get(healthz)
    .all(onlyBy(['get']));
  app
    .route('/readyz')
    .get(readyz(services.readiness))
    .all(onlyBy(['get']));

  app
    .route('/openapi.json')
    .get(serveDocument(table, version()))
    .all(onlyBy(['get']));
  app.use('/docs', docsPage());

  // What asks for a WebSocket never comes here. Both headers are due with this status (RFC 9110, 15.5.22).
  const upgrade = { Upgrade: 'websocket', Connection: 'Upgrade' };
  const detail = `open a WebSocket, or follow ${feedPath}/sse`;
  app
    .route(feedPath)
    .get((request, response) =>
      refuse(new Problem('upgrade-required', detail, {}, upgrade), request, response),
    )
    .all(onlyBy(['get']));

  const once = onceByKey(services.idempotencyKeys);
  const readBody = readJson();
  for (const [path, routes] of byPath(table)) {
    const shelf = shelves.get(shelfOf(path)) ?? express.Router();
    shelves.set(shelfOf(path), shelf);
    const resource = shelf.route(path);
    for (const route of routes) {
      const limit = limitRequests(route, services);
      const serve = serveRoute(route, services, once);
      resource[route.method](async (request, response) => {
        const caller = await services.identify(request);
        await limit(caller, request, response);
        if (!route.takesFile && hasBody(request)) await readBody(request, response);
        await serve(caller, request, response);
      });
    }
    resource.all(onlyBy(routes.map(({ method }) => method)));
  }

  app.use((request, response) => refuse(new Problem('not-found'), request, response));
  const failed: ErrorRequestHandler = (error, request, response, _next) =>
    refuse(error, request, response);
  app.use(failed);
  return app;
};

/**
 * What the paths of a few endpoints begin with: a router tries one path after another, so each request is
 * taken to a router of few at once. Upper and lower case are one in paths.
 */
const shelfOf = (path: string): string => (/^(?:\/[^/]+){0,2}/.exec(path)?.[0] ?? '').toLowerCase();

const byPath = (routes: readonly Route[]): ReadonlyMap<string, readonly Route[]> => {
  const paths = new Map<string, Route[]>();
  for (const route of routes) paths.set(route.path, [...(paths.get(route.path) ?? []), route]);
  return paths;
};

const isJson = ({ headers }: IncomingMessage): boolean =>
  /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(headers['content-type'] ?? '');

const bodyless: ReadonlySet<string> = new Set<Method | string>(['GET', 'HEAD', 'DELETE']);

/** As RFC 9112, 3.2, demands. */
const refuseWithoutHost: RequestHandler = ({ headers, httpVersion }, _response, next) => {
  if (headers.host === undefined && httpVersion === '1.1') throw malformed('Host', 'is missing');
  next();
};

/**
 * Reads a body of JSON. One that is not JSON is refused rather than taken for none, as is what cannot be stored.
 *
 * The function made throws Problem, and what express says of a body that cannot be read.
 */
const readJson = () => {
  const parse = express.json({ limit: largestBody, strict: false, type: isJson });
  return async (request: Request, response: Response): Promise<void> => {
    if (!bodyless.has(request.method) && !isJson(request))
      throw new Problem('unsupported-media-type', 'the body must be application/json');
    await new Promise<void>((resolve, reject) => {
      parse(request, response, (error?: unknown) => (error ? reject(error) : resolve()));
    });
    refuseUnstorable(request.body);
  };
};

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

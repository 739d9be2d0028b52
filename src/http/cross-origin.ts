import type { IncomingMessage } from 'node:http';
import cors from 'cors';
import type { RequestHandler } from 'express';
import type { Pages } from '../pages.js';
import { refusedBy } from './access.js';
import { Problem } from './problem.js';

/** What pages of other sites may send besides what every page may. */
const allowedHeaders = [
  ...['Authorization', 'Content-Type', 'Idempotency-Key', 'If-Match', 'Last-Event-ID'],
  ...['X-Request-Id', 'X-User-Id', 'traceparent', 'tracestate'],
];

/** What they may read of an answer besides what every page may. */
const exposedHeaders = [
  ...['ETag', 'Location', 'Retry-After', 'X-Request-Id', 'Idempotent-Replayed', 'Allow'],
  ...['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset', 'RateLimit-Policy', 'RateLimit'],
  ...['Content-Disposition', 'WWW-Authenticate'],
];

/** In seconds. Browsers ask again after two hours at most, whatever they are told. */
const maxAge = 7_200;

/**
 * Lets pages of the sites named read answers (CORS), and no others. Cookies are no way to be known here, so
 * none are asked for.
 */
export const crossOrigin = ({ origins }: Pages): RequestHandler => {
  if (origins.length === 0) return (_request, _response, next) => next();
  const share = cors({
    origin: [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'],
    allowedHeaders,
    exposedHeaders,
    maxAge,
  });
  return (request, response, next) => {
    const isOptions = request.method === 'OPTIONS';
    // Only a preflight is answered for every path; any other OPTIONS is a method like others.
    if (isOptions && !request.headers['access-control-request-method']) next();
    else share(request, response, next);
  };
};

/** Refuses requests of pages that may not use this server, see {@link Pages}. */
export const keepPagesOut =
  (pages: Pages): RequestHandler =>
  (request, _response, next) => {
    const refusal = refusalOf(pages, request, request.path.startsWith('/v1/feed'));
    if (refusal) throw refusal;
    next();
  };

/** The function made says why a page is not given a WebSocket; undefined when it is given one. */
export const keepPagesFromFeed = (pages: Pages) => (request: IncomingMessage) => {
  const refusal = refusalOf(pages, request, true);
  return refusal && refusedBy(refusal);
};

/**
 * A token is asked for with each request, and no page has that of another site: with one, only the feed
 * has to look, which takes it from the address as well.
 */
const refusalOf = (
  pages: Pages,
  request: IncomingMessage,
  isForFeed: boolean,
): Problem | undefined => {
  if (pages.isMisdirected(request)) return new Problem('host-not-allowed', misdirected);
  const looks = isForFeed || !pages.isAuthenticated;
  return looks && pages.isForeign(request) ? new Problem('origin-not-allowed', foreign) : undefined;
};

const misdirected =
  'where no token is needed, the server is asked for as localhost or 127.0.0.1; CORS_ORIGINS can name others';
const foreign = 'pages of this site may not use this server; CORS_ORIGINS can name it';

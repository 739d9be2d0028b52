import cors from 'cors';
import type { RequestHandler } from 'express';
import type { Pages } from '../pages.js';
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
    ...{ allowedHeaders, exposedHeaders, maxAge },
  });
  return (request, response, next) => {
    const isOptions = request.method === 'OPTIONS';
    // Only a preflight is answered for every path; any other OPTIONS is a method like others.
    if (isOptions && !request.headers['access-control-request-method']) next();
    else share(request, response, next);
  };
};

/**
 * Refuses what a page asks that may not. A token is asked for again with each request, and no page has
 * another site's: with one, only the feed has to look, which takes it from the address as well.
 */
export const keepPagesOut =
  (pages: Pages): RequestHandler =>
  (request, _response, next) => {
    if (pages.isMisdirected(request)) throw new Problem('misdirected-request', misdirected);
    const looks = !pages.isAuthenticated || request.path.startsWith('/v1/feed');
    if (looks && pages.isForeign(request)) throw new Problem('origin-not-allowed', notAllowed);
    next();
  };

const misdirected =
  'where no token is needed, the server is asked for as localhost or 127.0.0.1; CORS_ORIGINS can name others';
const notAllowed = 'pages of this site may not use this server; CORS_ORIGINS can name it';

import type { RequestHandler } from 'express';
import helmet from 'helmet';

/**
 * What browsers are told to keep answers from doing. Answers are data: nothing in them is to be run, shown
 * in a frame, or taken for anything but what it says it is. A page says what it needs by a policy of its own.
 *
 * Strict-Transport-Security is left to what speaks TLS, which Forkline does not; of the others that helmet
 * knows, those left out are for browsers that are no more, or for pages only.
 */
export const securityHeaders: RequestHandler = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  xFrameOptions: { action: 'deny' },
  strictTransportSecurity: false,
  // Express is told not to send it.
  xPoweredBy: false,
  originAgentCluster: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
});

/** Says of what is below `/v1` that it is for who asked and for now: the same address gives others something else. */
export const keepFromCaches: RequestHandler = ({ path }, response, next) => {
  if (/^\/v1(?:\/|$)/i.test(path)) response.setHeader('Cache-Control', 'no-store');
  next();
};

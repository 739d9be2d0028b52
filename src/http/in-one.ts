import type { RequestHandler } from 'express';

/**
 * Several handlers as one, each called when the one before it calls `next`: what a router does between two of
 * them takes longer than most of these.
 */
export const inOne = (handlers: readonly RequestHandler[]): RequestHandler => {
  return (request, response, done) => {
    let at = 0;
    const next = (error?: unknown): void => {
      const handler = handlers[at++];
      if (error || !handler) done(error);
      else handler(request, response, next);
    };
    next();
  };
};

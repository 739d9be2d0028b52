import type { IncomingMessage } from 'node:http';
import type { Identify } from './context.js';

/**
 * The same `Identify`, which finds out who makes a request only once, however often it is asked:
 * checking a token takes time.
 */
export const oncePerRequest = (identify: Identify): Identify => {
  const known = new WeakMap<IncomingMessage, ReturnType<Identify>>();
  return (request) => {
    const before = known.get(request);
    if (before) return before;
    const asked = identify(request);
    known.set(request, asked);
    return asked;
  };
};

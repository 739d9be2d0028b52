import type { IncomingMessage } from 'node:http';
import type { Identify } from './context.js';

/** Tells who asks once for each request, however often that is asked: checking a token takes its time. */
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

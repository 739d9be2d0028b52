import type { IncomingMessage } from 'node:http';
import type { Identify } from '../http/context.js';
import type { ProblemCode } from '../http/problem.js';
import { problemOf } from '../http/problem-of.js';
import type { Route } from '../http/route.js';

/** What became known of a request on its way through the program. */
type Noted = { user?: string; keyId?: string; problem?: ProblemCode };

/** Notes what becomes known of requests, for those who tell of them once they are answered. */
export const requestNotes = () => {
  const notes = new WeakMap<IncomingMessage, Noted>();
  const note = (request: IncomingMessage, noted: Noted): void => {
    const known = notes.get(request);
    if (known) Object.assign(known, noted);
    else notes.set(request, noted);
  };

  return {
    of: (request: IncomingMessage): Readonly<Noted> => notes.get(request) ?? {},
    identify:
      (identify: Identify): Identify =>
      async (request) => {
        const caller = await identify(request);
        if (!caller) return caller;
        const { userId: user, keyId } = caller;
        note(request, { user, ...(keyId !== undefined && { keyId }) });
        return caller;
      },
    routes: (table: readonly Route[]): readonly Route[] =>
      table.map((route) => ({
        ...route,
        handle: async (request, requestContext) => {
          try {
            return await route.handle(request, requestContext);
          } catch (error) {
            note(request, { problem: problemOf(error).code });
            throw error;
          }
        },
      })),
  };
};

export type RequestNotes = ReturnType<typeof requestNotes>;

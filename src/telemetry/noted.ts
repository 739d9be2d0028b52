import type { IncomingMessage } from 'node:http';
import type { Identify } from '../http/context.js';
import type { ProblemCode } from '../http/problem.js';
import { problemOf } from '../http/problem-of.js';
import type { Route } from '../http/route.js';

/** What became known of a request on its way through the program. */
type Noted = { user?: string; keyId?: string; problem?: ProblemCode };

const notes = Symbol('notes');
type Noting = IncomingMessage & { [notes]?: Noted };

/** Notes what becomes known of requests, for those who tell of them once they are answered. */
export const requestNotes = () => {
  const note = (request: Noting, noted: Noted): void => {
    const known = request[notes];
    if (known) Object.assign(known, noted);
    else request[notes] = noted;
  };

  return {
    of: (request: Noting): Readonly<Noted> => request[notes] ?? {},
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
        handle: (request, requestContext) =>
          route.handle(request, requestContext).catch((error: unknown) => {
            note(request, { problem: problemOf(error).code });
            throw error;
          }),
      })),
  };
};

export type RequestNotes = ReturnType<typeof requestNotes>;

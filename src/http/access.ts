import type { IncomingMessage } from 'node:http';
import type { Caller } from '../commands/request.js';
import type { Identify } from './context.js';
import { Problem } from './problem.js';
import { problemOf } from './problem-of.js';

/**
 * Who may call an endpoint:
 *
 * - `own`: anyone who is known, on what is theirs. What somebody else has is answered as if it were
 *   not there, with 404; administrators reach it. The handler asks whose a thing is, as it loads it.
 * - `caller`: anyone who is known. It makes or lists what is the caller's own, or names nothing that
 *   belongs to anyone.
 * - `admin`: administrators only; others are answered 403.
 */
export type Access = 'own' | 'caller' | 'admin';

/**
 * Who asks, where the rule lets them in.
 *
 * @throws Problem `unauthorized` when nobody knows who asks, `forbidden` when the rule keeps them out
 */
export const admit = (access: Access, caller: Caller | undefined): Caller => {
  if (!caller) throw new Problem('unauthorized', undefined, {}, { 'WWW-Authenticate': 'Bearer' });
  if (access === 'admin' && !caller.admin) throw new Problem('forbidden');
  return caller;
};

/** An answer that turns somebody away. */
export type Refused = Readonly<{
  status: number;
  code: string;
  title: string;
  detail: string;
  headers: Readonly<Record<string, string>>;
}>;

/** The same for what is served beside the routes, such as the WebSocket of the feed. Faults are thrown. */
export const admission =
  (access: Access, identify: Identify) =>
  async (request: IncomingMessage): Promise<Caller | Refused> => {
    try {
      return admit(access, await identify(request));
    } catch (error) {
      const problem = problemOf(error);
      if (problem.status === 500) throw error;
      return refusedBy(problem);
    }
  };

/** A problem in the form that those take who answer a request outside the routes, such as the feed. */
export const refusedBy = ({ status, code, title, message, headers }: Problem): Refused => ({
  status,
  code,
  title,
  headers,
  detail: message,
});

import type { Request } from 'express';
import type { Logger } from 'pino';
import type { Caller, CommandRequest, RequestOrigin } from '../../commands/request.js';
import type { Collections } from '../../queries/collections.js';
import { ownersOf } from '../../queries/owners.js';
import type { Identify } from '../context.js';
import type { Problem } from '../problem.js';
import type { Route } from '../route.js';
import type { Attempt } from './attempt.js';
import { type NamedThings, namedBy } from './named-streams.js';
import type { Recorder } from './recorder.js';

/** Takes note of what leaves no event by itself. Nobody waits for any of it. */
export type Audit = Readonly<{
  /** That a request was refused: 401, 403, 429, and 404 where it named what is somebody else's. */
  refused(request: Request, requestId: string, problem: Pick<Problem, 'status' | 'code'>): void;
  /** That a request was answered: kept when an administrator saw what is somebody else's. */
  answered(route: Route, request: Request, requestId: string, caller: Caller): void;
  /** That a stream was deleted for good. */
  deletedForGood(target: string, ownerId: string | undefined, command: CommandRequest): void;
  /** What is not served by a route is noted as it is. */
  note(attempt: Attempt): void;
}>;

export type AuditOptions = Readonly<{
  recorder: Pick<Recorder, 'note'>;
  collections: Collections;
  identify: Identify;
  originOf: (request: Request) => RequestOrigin;
  /** Whether what administrators look at is kept. */
  keepsReads: boolean;
  log: Logger;
}>;

const refusals: ReadonlySet<number> = new Set([401, 403, 404, 429]);

/** How many requests may wait to have the owners of what they named looked up. Those beyond are not kept. */
const mostWaiting = 1_000;

/** Makes the audit. What a request names is taken from it at once: none is held on to, however long the database takes. */
export const auditOf = (options: AuditOptions): Audit => {
  const { recorder, collections, identify, originOf, keepsReads, log } = options;
  let waiting = 0;
  let looking = Promise.resolve();

  /** One after another: who asks much shall not have the database asked much at a time. */
  const later = (work: () => Promise<void>): void => {
    if (waiting === mostWaiting) log.warn('attempts come faster than they can be looked at');
    if (waiting > mostWaiting) return;
    waiting += 1;
    looking = looking
      .then(work)
      .catch((err: unknown) => log.warn({ err }, 'an attempt is not kept'))
      .finally(() => {
        waiting -= 1;
      });
  };

  /** Notes an attempt once for each thing that was named and is not the caller's. */
  const noteOthers = async (
    caller: Caller,
    named: NamedThings,
    attempt: Attempt,
  ): Promise<void> => {
    for (const { stream, userId } of await ownersOf(collections, named))
      if (userId !== caller.userId)
        recorder.note({ ...attempt, caller, target: stream, ownerId: userId });
  };

  const about = (request: Request, route: string, requestId: string) => ({
    method: request.method,
    route,
    requestId,
    origin: originOf(request),
  });

  return {
    note: recorder.note,
    refused: (request, requestId, { status, code }) => {
      const path: unknown = request.route?.path;
      // What comes to no endpoint is of no interest, but for pages that are kept from all of them.
      if (!refusals.has(status) || (typeof path !== 'string' && status !== 403)) return;
      const route = typeof path === 'string' ? path : '*';
      const attempt = {
        type: 'AccessRefused',
        ...about(request, route, requestId),
        status,
        code,
      } as const;
      const known = identify(request).catch(() => undefined);
      if (status !== 404) {
        void known.then((caller) => recorder.note({ ...attempt, ...(caller && { caller }) }));
        return;
      }
      const named = namedIn(request, route);
      later(async () => {
        const caller = await known;
        if (caller && !caller.admin) await noteOthers(caller, named, attempt);
      });
    },
    answered: ({ method, path, access }, request, requestId, caller) => {
      if (!keepsReads || !caller.admin || method !== 'get' || access === 'admin') return;
      const attempt = {
        type: 'OthersThingRead',
        ...about(request, path, requestId),
        caller,
      } as const;
      // A list of everybody's, or the feed.
      if (access === 'caller') return recorder.note(attempt);
      const named = namedIn(request, path);
      later(() => noteOthers(caller, named, attempt));
    },
    deletedForGood: (target, ownerId, { caller, requestId, origin }) =>
      recorder.note({
        type: 'DeletedForGood',
        method: 'DELETE',
        route: '/v1/sessions/:id',
        target,
        caller,
        requestId,
        origin: origin ?? { clientAddress: '' },
        ...(ownerId !== undefined && { ownerId }),
      }),
  };
};

const namedIn = ({ params, query, body }: Request, path: string): NamedThings =>
  namedBy({ path, params, query, body });

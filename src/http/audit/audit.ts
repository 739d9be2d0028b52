import type { Request } from 'express';
import type { Logger } from 'pino';
import type { Caller, CommandRequest, RequestOrigin } from '../../commands/request.js';
import type { Collections } from '../../queries/collections.js';
import { ownersOf } from '../../queries/owners.js';
import type { Identify } from '../context.js';
import type { Problem } from '../problem.js';
import type { Route } from '../route.js';
import type { Attempt } from './attempt.js';
import { namedBy } from './named-streams.js';
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

export const auditOf = (options: AuditOptions): Audit => {
  const { recorder, collections, identify, originOf, keepsReads, log } = options;
  let waiting = 0;
  let looking = Promise.resolve();

  /** One after another: who asks much shall not have the database asked much at a time. */
  const later = (work: () => Promise<void>): void => {
    if (waiting >= mostWaiting) return;
    waiting += 1;
    looking = looking
      .then(work)
      .catch((err: unknown) => log.warn({ err }, 'an attempt is not kept'))
      .finally(() => {
        waiting -= 1;
      });
  };

  const attemptOf = (request: Request, path: string, requestId: string, caller?: Caller) => ({
    ...{ method: request.method, route: path, requestId, origin: originOf(request) },
    ...(caller && { caller }),
  });

  /** Notes an attempt once for each thing that the request named and that is somebody else's. */
  const noteOthers = async (
    request: Request,
    caller: Caller,
    attempt: Omit<Attempt, 'target' | 'ownerId'>,
  ): Promise<void> => {
    const { params, query, body } = request;
    const named = namedBy({ path: attempt.route, params, query, body });
    for (const { stream, userId } of await ownersOf(collections, named))
      if (userId !== caller.userId) recorder.note({ ...attempt, target: stream, ownerId: userId });
  };

  return {
    note: recorder.note,
    refused: (request, requestId, { status, code }) => {
      const route: unknown = request.route?.path;
      // What comes to no endpoint is of no interest, but for pages that are kept from all of them.
      if (!refusals.has(status) || (typeof route !== 'string' && status !== 403)) return;
      const path = typeof route === 'string' ? route : '*';
      later(async () => {
        const caller = await identify(request).catch(() => undefined);
        const type = 'AccessRefused';
        const attempt = {
          ...attemptOf(request, path, requestId, caller),
          type,
          status,
          code,
        } as const;
        if (status !== 404) recorder.note(attempt);
        else if (caller && !caller.admin) await noteOthers(request, caller, attempt);
      });
    },
    answered: ({ method, path, access }, request, requestId, caller) => {
      if (!keepsReads || !caller.admin || method !== 'get' || access === 'admin') return;
      const attempt = {
        ...attemptOf(request, path, requestId, caller),
        type: 'OthersThingRead',
      } as const;
      // A list of everybody's, or the feed.
      if (access === 'caller') recorder.note(attempt);
      else later(() => noteOthers(request, caller, attempt));
    },
    deletedForGood: (target, ownerId, { caller, requestId, origin }) =>
      recorder.note({
        ...{ type: 'DeletedForGood', method: 'DELETE', route: '/v1/sessions/:id' },
        ...{ target, caller, requestId, origin: origin ?? { clientAddress: '' } },
        ...(ownerId !== undefined && { ownerId }),
      }),
  };
};

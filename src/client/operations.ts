import { answerIn } from './answer.js';
import { ForklineError } from './forkline-error.js';
import type {
  AuditEntry,
  AuditQuery,
  Check,
  ModelStanding,
  ParkedEvent,
  ProjectionStatus,
  ReactionStatus,
  Readiness,
  RebuildStatus,
  Retried,
} from './operation-types.js';
import { everyItem } from './pages.js';
import { path, type ReadOptions, type Transport, type WriteOptions } from './transport.js';
import type { JsonObject, Page, PageQuery } from './types.js';

/** What shows the node that answers as it is takes no `after`. */
type Reading = Pick<ReadOptions, 'signal'>;

/** For administrators. */
export const operationsOver = (http: Transport) => {
  const parked = (name: string, query?: PageQuery, options?: Reading) =>
    http.get<Page<ParkedEvent>>(path`/v1/projections/${name}/parked`, query, options);
  const settle = (name: string, id: string, action: string, options?: WriteOptions) =>
    http.write<Retried>('POST', path`/v1/projections/${name}/parked/${id}/${action}`, {}, options);

  const audit = (query?: AuditQuery, options?: ReadOptions) =>
    http.read<Page<AuditEntry>>('/v1/audit', query, options);

  return {
    /** One page of who did what, newest first. */
    audit,
    /** Everything that was done, newest first. */
    eachAudit: (query: AuditQuery = {}, options?: ReadOptions) =>
      everyItem((page: AuditQuery) => audit(page, options), query),
    /** What the node measures, in the text format of Prometheus. */
    metrics: async ({ signal }: Reading = {}): Promise<string> => {
      const headers = { accept: 'text/plain' };
      return (await http.send('GET', '/metrics', { headers, signal, isRepeatable: true })).text();
    },
    /** Whether the process runs: it does if this answers. */
    health: (options?: Reading) => http.get<Readonly<{ status: 'ok' }>>('/healthz', {}, options),
    /** Whether the node should be sent requests. That it should not is an answer, not waited out. */
    readiness: async ({ signal }: Reading = {}): Promise<Readiness> => {
      try {
        const response = await http.send('GET', '/readyz', { signal });
        const { checks } = await answerIn<Readonly<{ checks: readonly Check[] }>>(response);
        return { isReady: true, checks };
      } catch (error) {
        if (!(error instanceof ForklineError && error.code === 'not-ready')) throw error;
        // What is answered with this code has them.
        const { checks } = error.problem as unknown as Readonly<{ checks: readonly Check[] }>;
        return { isReady: false, checks };
      }
    },
    /** The document of the API (OpenAPI 3.1). */
    document: (options?: Reading) => http.get<JsonObject>('/openapi.json', {}, options),
    /** Every projection and reaction. */
    projections: (options?: Reading) =>
      http.get<Page<ProjectionStatus | ReactionStatus>>('/v1/projections', {}, options),
    /** One page of what a projection or reaction has put aside, oldest first. */
    parked,
    /** Everything that it has put aside, oldest first. */
    eachParked: (name: string, query: PageQuery = {}, options?: Reading) =>
      everyItem((page: PageQuery) => parked(name, page, options), query),
    /** Tries the parked events of an event's key again, in their order. */
    retryParked: (name: string, id: string, options?: WriteOptions) =>
      settle(name, id, 'retry', options),
    /**
     * Begins to build projections anew, in one pass over the events.
     *
     * @param skip ids of events to pass over when they cannot be folded
     */
    rebuild: (names: readonly string[], skip: readonly string[] = [], options?: WriteOptions) =>
      http.write<RebuildStatus>('POST', '/v1/projections/rebuild', { names, skip }, options),
    /** Begins to build one projection anew. */
    rebuildOne: (name: string, skip: readonly string[] = [], options?: WriteOptions) =>
      http.write<RebuildStatus>('POST', path`/v1/projections/${name}/rebuild`, { skip }, options),
    /** Gives up the rebuild that a projection takes part in. */
    cancelRebuild: (name: string, options?: WriteOptions) =>
      http.write<RebuildStatus>(
        'DELETE',
        path`/v1/projections/${name}/rebuild`,
        undefined,
        options,
      ),
    /** Goes back to what served before. */
    rollBack: (name: string, options?: WriteOptions) =>
      http.write<ModelStanding>('POST', path`/v1/projections/${name}/rollback`, {}, options),
    /** Removes what served before. */
    dropPrevious: (name: string, options?: WriteOptions) =>
      http.write<ModelStanding>('POST', path`/v1/projections/${name}/drop`, {}, options),
    /** Drops a parked event, and tries those behind it. */
    discardParked: (name: string, id: string, options?: WriteOptions) =>
      settle(name, id, 'discard', options),
  };
};

import { everyItem } from './pages.js';
import type {
  EventQuery,
  Forked,
  Lineage,
  NewFork,
  Step,
  StepQuery,
  StreamComparison,
  StreamEvent,
  StreamState,
} from './stream-types.js';
import { path, type ReadOptions, type Transport, type WriteOptions } from './transport.js';
import type { Page, Written } from './types.js';

/** A revision, or a time in ISO 8601; the head by default. */
export type AsOf = Readonly<{ at?: number | string }>;

/** Time travel, on any stream: named `session-…`, `execution-…` and so on. */
export const streamsOver = (http: Transport) => {
  const events = (stream: string, query?: EventQuery, options?: ReadOptions) =>
    http.read<Page<StreamEvent>>(path`/v1/streams/${stream}/events`, query, options);
  const steps = (stream: string, query?: StepQuery, options?: ReadOptions) =>
    http.read<Page<Step>>(path`/v1/streams/${stream}/steps`, query, options);

  return {
    /** One page of a stream's events, inherited ones included. */
    events,
    /** Every event of a stream, inherited ones included. */
    eachEvent: (stream: string, query: EventQuery = {}, options?: ReadOptions) =>
      everyItem((page: EventQuery) => events(stream, page, options), query),
    /**
     * What the stream's events amount to, without what grows with the stream: of that the number and
     * where it is listed. Asked for as a whole it has everything, and takes as long as the stream is.
     */
    state: (stream: string, at: AsOf & { readonly whole?: boolean } = {}, options?: ReadOptions) =>
      http.read<StreamState>(path`/v1/streams/${stream}/state`, at, options),
    /** One page of what each event changed in the state; a page of large changes is shorter than its limit. */
    steps,
    /** What each event changed in the state, from a revision to another. */
    eachStep: (stream: string, query: StepQuery = {}, options?: ReadOptions) =>
      everyItem((page: StepQuery) => steps(stream, page, options), query),
    /**
     * Where two streams part, what happened in each since, and how their states differ.
     *
     * @param a a stream, or `<stream>@<revision>`; `b` as well
     * @param limit how many events of each are wanted
     */
    compare: (
      a: string,
      b: string,
      { limit }: { readonly limit?: number } = {},
      options?: ReadOptions,
    ) =>
      http.read<StreamComparison>(
        '/v1/streams/compare',
        { a, b, ...(limit !== undefined && { limit }) },
        options,
      ),
    /** Makes a new stream that inherits the events up to `at`. */
    fork: (stream: string, fork: NewFork, options?: WriteOptions) =>
      http.write<Forked>('POST', path`/v1/streams/${stream}/forks`, fork, options),
    /**
     * Has a fork depend no more on what it was forked from, which then may be deleted for good. What it
     * inherits is copied first: asked for again, it goes on where it was.
     */
    detach: (stream: string, options?: WriteOptions) =>
      http.write<Written>('POST', path`/v1/streams/${stream}/detach`, undefined, options),
    /** Where a stream comes from, and what was forked from it. */
    lineage: (stream: string, options?: ReadOptions) =>
      http.read<Lineage>(path`/v1/streams/${stream}/lineage`, {}, options),
  };
};

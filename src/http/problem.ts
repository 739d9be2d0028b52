import type { ForkRejection } from '../commands/fork.js';
import type { Rejection } from '../domain/decider.js';
import type { Category, deciders } from '../domain/deciders.js';
import type { DetachRejection } from '../domain/detaching.js';
import type { InterruptStatus } from '../domain/interrupt.js';
import type { Moment } from '../domain/time.js';
import { feedProblems } from '../feed-problems.js';

type Decided = ReturnType<(typeof deciders)[Category]['decide']>;

/** Every reason that a rule of any decider may give for saying no, or that forking and detaching may. */
export type RejectionCode =
  | Extract<Decided, Rejection<unknown>>['rejected']
  | ForkRejection
  | DetachRejection;

type Kind = Readonly<{ status: number; title: string }>;

/** What each refusal means over HTTP. One that is missing here does not compile. */
const refusals = {
  'session-not-found': { status: 404, title: 'There is no such session' },
  'session-already-exists': { status: 409, title: 'There is another session with this id' },
  'session-deleted': { status: 409, title: 'The session is deleted' },
  'session-not-active': { status: 409, title: 'The session takes nothing new as it is' },
  'session-transition-not-allowed': {
    status: 409,
    title: 'The session cannot go there from its status',
  },
  'message-already-exists': { status: 409, title: 'There is another message with this id' },
  'message-not-found': { status: 404, title: 'There is no such message' },
  'message-not-editable': { status: 409, title: 'Only messages of users can be edited' },
  'execution-not-found': { status: 404, title: 'There is no such execution' },
  'execution-already-exists': { status: 409, title: 'There is another execution with this id' },
  'execution-already-finished': { status: 409, title: 'The execution is over' },
  'checkpoint-already-exists': { status: 409, title: 'There is another checkpoint with this id' },
  'state-too-large': { status: 413, title: 'A state may have 900 KiB at most' },
  'stage-not-queued': { status: 409, title: 'The next stage has no queue to be put on' },
  'interrupt-not-found': { status: 404, title: 'There is no such interrupt' },
  'interrupt-already-exists': { status: 409, title: 'There is another interrupt with this id' },
  'interrupt-already-settled': { status: 409, title: 'The interrupt is settled' },
  'response-not-fitting': { status: 400, title: 'The interrupt asks for another sort of response' },
  'task-not-found': { status: 404, title: 'There is no such task' },
  'task-already-exists': { status: 409, title: 'There is another task with this id' },
  'task-not-ready': { status: 409, title: 'The task is not ready' },
  'lease-lost': { status: 409, title: 'The lease is no longer held' },
  'task-already-settled': { status: 409, title: 'The task is over' },
  'task-not-retryable': { status: 409, title: 'The task cannot be retried as it is' },
  'worker-not-found': { status: 404, title: 'There is no such worker' },
  'worker-already-exists': { status: 409, title: 'There is another worker with this id' },
  'worker-stopped': { status: 409, title: 'The worker has stopped: it must register again' },
  'webhook-not-found': { status: 404, title: 'There is no such webhook' },
  'webhook-already-exists': { status: 409, title: 'There is another webhook with this id' },
  'webhook-rotating-too-often': {
    status: 409,
    title: 'Too many replaced secrets of the webhook are still valid',
  },
  'revision-not-found': { status: 404, title: 'The stream has no such revision' },
  'stream-not-forked': { status: 409, title: 'The stream is not a fork of another' },
  'stream-already-detached': { status: 409, title: 'The fork was detached before' },
  'fork-already-exists': { status: 409, title: 'There is another stream with this id' },
} as const satisfies Record<RejectionCode, Kind>;

const others = {
  forbidden: { status: 403, title: 'This is for administrators' },
  'stream-not-found': { status: 404, title: 'There is no such stream' },
  'checkpoint-not-found': { status: 404, title: 'There is no such checkpoint' },
  'projection-not-found': { status: 404, title: 'There is no such projection or reaction' },
  'parked-event-not-found': { status: 404, title: 'There is no such parked event' },
  'retry-under-way': { status: 409, title: 'The events of this key are being retried already' },
  'rebuild-not-found': { status: 404, title: 'The projection is not being rebuilt' },
  'rebuild-under-way': { status: 409, title: 'A rebuild is under way already' },
  'previous-model-not-found': { status: 404, title: 'Nothing is kept of what served before' },
  'previous-model-of-other-version': {
    status: 409,
    title: 'What served before is of another version',
  },
  'previous-model-in-use': { status: 409, title: 'A node still reads what served before' },
  'delivery-not-found': { status: 404, title: 'There is no such delivery' },
  'webhook-disabled': { status: 409, title: 'The webhook is disabled' },
  'webhook-not-forkable': { status: 409, title: 'Webhooks cannot be forked' },
  'request-timeout': { status: 408, title: 'The request took too long to arrive' },
  'expectation-failed': { status: 417, title: 'What the request expects is not done here' },
  'headers-too-large': { status: 431, title: 'The path and headers may have 16 KiB at most' },
  'method-not-allowed': { status: 405, title: 'The method is not one of this resource' },
  'stream-has-forks': { status: 409, title: 'Other streams were forked from it' },
  'revision-conflict': { status: 409, title: 'Others kept changing the stream at the same time' },
  'revision-mismatch': { status: 412, title: 'The stream is not at the revision asked for' },
  'too-large': { status: 413, title: 'The request is too large' },
  'unsupported-media-type': { status: 415, title: 'The content type is not one that is taken' },
  'idempotency-key-reused': {
    status: 422,
    title: 'The idempotency key was used for another request',
  },
  'rate-limited': { status: 429, title: 'Too many requests in too short a time' },
  'unreadable-recording': { status: 422, title: 'The file holds no runs that can be read' },
  starting: { status: 503, title: 'The server is not ready yet' },
  'store-unavailable': { status: 503, title: 'A store cannot be reached' },
  'not-ready': { status: 503, title: 'This node should not be sent requests now' },
  'read-model-behind': { status: 504, title: 'The read model has not come so far yet' },
  'internal-error': { status: 500, title: 'Something went wrong here' },
} as const satisfies Record<string, Kind>;

const kinds = { ...feedProblems, ...refusals, ...others };

export type ProblemCode = keyof typeof kinds;

/** Every code there is. */
export const problemCodes = Object.keys(kinds) as readonly ProblemCode[];

/** Which status a code is answered with. */
export const statusOf = (code: ProblemCode): number => kinds[code].status;

/** What some problems say besides. */
export type ProblemMore = Readonly<{
  /** Each part of the request that is malformed. */
  errors?: readonly Readonly<{ path: string; message: string }>[];
  /** Where the stream is; null when there is none. */
  currentRevision?: number | null;
  /** Those that are in the way. */
  forks?: readonly Readonly<{ stream: string; at: number }>[];
  /** How the interrupt was settled. */
  settled?: Readonly<{ status: InterruptStatus; settledAt: Moment; respondedBy?: string }>;
  /** What the node has to be able to do. */
  checks?: readonly Readonly<{ name: string; ok: boolean; reason?: string }>[];
}>;

/** A problem document. */
export type ProblemDocument = ProblemMore &
  Readonly<{
    type: string;
    title: string;
    status: number;
    detail: string;
    instance: string;
    code: ProblemCode;
    requestId: string;
  }>;

/** An answer that says no, as RFC 9457 has it. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly title: string;

  /** @param more further members of the document */
  constructor(
    readonly code: ProblemCode,
    detail?: string,
    readonly more: ProblemMore = {},
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail ?? kinds[code].title);
    this.status = kinds[code].status;
    this.title = kinds[code].title;
  }

  /** The document, as application/problem+json. */
  document(instance: string, requestId: string): ProblemDocument {
    const { title, status } = this;
    return {
      type: `urn:forkline:problem:${this.code}`,
      title,
      status,
      detail: this.message,
      instance,
      code: this.code,
      requestId,
      ...this.more,
    };
  }
}

/** That a part of a request is malformed: which one, by the name of a field, parameter or header, and why. */
export const malformed = (path: string, message: string): Problem =>
  new Problem('bad-request', `${path}: ${message}`, { errors: [{ path, message }] });

import { RevisionMismatch } from '../commands/request.js';
import { parseStream } from '../domain/deciders.js';
import {
  AppendTooLarge,
  RevisionConflict,
  StoreUnavailable,
  StreamTombstoned,
} from '../eventstore/event-store.js';
import { NotCaughtUp } from '../projecting/progress.js';
import {
  NothingKept,
  OtherVersion,
  RebuildUnderWay,
  StillRead,
} from '../projecting/rebuild-documents.js';
import { RetryUnderWay } from '../projecting/retry-parked.js';
import { asUnavailable, DatabaseUnavailable } from '../projecting/unavailable.js';
import { BadCursor } from '../queries/page.js';
import { IssuerUnavailable } from './identity/published-keys.js';
import { malformed, Problem } from './problem.js';

const retrySoon = { 'Retry-After': '1' };

/** What an error means to the one who asked. Anything unforeseen is an internal error, and tells no more. */
export const problemOf = (thrown: unknown): Problem => {
  const error = asUnavailable(thrown);
  if (error instanceof Problem) return error;
  if (error instanceof RevisionMismatch)
    return new Problem('revision-mismatch', error.message, {
      currentRevision: error.currentRevision === 'none' ? null : error.currentRevision,
    });
  if (error instanceof StreamTombstoned) return notFound(error.stream);
  if (error instanceof RevisionConflict) return new Problem('revision-conflict', error.message);
  if (error instanceof AppendTooLarge) return new Problem('too-large', error.message);
  if (error instanceof RetryUnderWay) return new Problem('retry-under-way');
  if (error instanceof RebuildUnderWay) return new Problem('rebuild-under-way', error.message);
  if (error instanceof NothingKept) return new Problem('previous-model-not-found', error.message);
  if (error instanceof OtherVersion)
    return new Problem('previous-model-of-other-version', error.message);
  if (error instanceof StillRead) return new Problem('previous-model-in-use', error.message);
  if (error instanceof BadCursor) return malformed('cursor', error.message);
  if (error instanceof StoreUnavailable || error instanceof DatabaseUnavailable)
    return new Problem('store-unavailable', error.message, {}, retrySoon);
  if (error instanceof IssuerUnavailable)
    return new Problem('identification-unavailable', undefined, {}, retrySoon);
  if (error instanceof NotCaughtUp)
    return new Problem('read-model-behind', error.message, {}, retrySoon);
  return bodyProblem(error) ?? new Problem('internal-error');
};

/** The problem that says that a stream is not there, named after its category: `session-not-found` and so on. */
export const notFound = (stream: string): Problem => {
  const category = parseStream(stream)?.category;
  return new Problem(category ? `${category}-not-found` : 'stream-not-found');
};

/** What express and its body parsers throw carries a status and, from the parsers, a type. */
const bodyProblem = (error: unknown): Problem | undefined => {
  const { status, type } = error as { status?: unknown; type?: unknown };
  if (type === 'entity.too.large')
    return new Problem('too-large', 'the body may have 1 MiB at most');
  if (status === 415)
    return new Problem('unsupported-media-type', 'the body must be JSON in UTF-8');
  if (type === 'entity.parse.failed') return malformed('body', 'is not valid JSON');
  if (error instanceof URIError) return malformed('path', 'cannot be decoded');
  if (typeof status === 'number' && status >= 400 && status < 500)
    return malformed('request', 'cannot be read');
  return undefined;
};

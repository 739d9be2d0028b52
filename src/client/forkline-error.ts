import type { WholeAnswer } from './transport.js';
import type { JsonObject } from './types.js';

/** One thing wrong with a request. `path` is where in the body or query. */
export type FieldError = Readonly<{ path: string; message: string }>;

/**
 * Forkline turned a request down, or could not be reached. The fields are those of the problem
 * document (RFC 9457) that it answered with.
 */
export class ForklineError extends Error {
  override readonly name = 'ForklineError';
  /** What went wrong with this request, in words. */
  readonly detail: string;
  /** What is wrong with each field, when the request was malformed. */
  readonly errors: readonly FieldError[];
  /** What the server's log has about the request. */
  readonly requestId: string | undefined;
  /** How long the server asks to wait before the same is asked again. */
  readonly retryAfterMs: number | undefined;

  /**
   * @param status the HTTP status; 0 when there was no answer
   * @param code the stable name of the reason, such as `session-not-found`; `unexpected-answer` when
   *   the answer was not one of Forkline's, and where there was none `unreachable`, `disconnected`,
   *   `closed` or `unsupported`
   * @param problem the whole document, with what it holds besides, such as `currentRevision`
   */
  constructor(
    readonly status: number,
    readonly code: string,
    readonly problem: JsonObject = {},
    options?: ErrorOptions & Readonly<{ retryAfterMs?: number | undefined }>,
  ) {
    const { detail, title, errors, requestId } = problem;
    const words = [detail, title].find((text) => typeof text === 'string') ?? '';
    super(words === '' ? code : `${code}: ${words}`, options);
    this.detail = words;
    // Where there are any, the server's contract says what each is like.
    this.errors = Array.isArray(errors) ? (errors as unknown as readonly FieldError[]) : [];
    this.requestId = typeof requestId === 'string' ? requestId : undefined;
    this.retryAfterMs = options?.retryAfterMs;
  }
}

/** The error in an answer that is not a success. Reads its body. */
export const errorIn = async (response: WholeAnswer): Promise<ForklineError> =>
  problemError(
    response.status,
    await response.text().catch(() => ''),
    response.headers.get('retry-after') ?? undefined,
  );

/**
 * The error for a status and the text of a body, which something other than Forkline may have written.
 *
 * @param retryAfter the header of that name
 */
export const problemError = (status: number, body: string, retryAfter?: string): ForklineError => {
  const problem = parseObject(body);
  const options = { retryAfterMs: durationOf(retryAfter) };
  if (typeof problem?.code === 'string')
    return new ForklineError(status, problem.code, problem, options);
  const detail = `an answer with status ${status} that is not Forkline's`;
  return new ForklineError(status, 'unexpected-answer', { detail }, options);
};

/** Of a number of seconds or a date (RFC 9110, section 10.2.3), in milliseconds. */
const durationOf = (retryAfter: string | undefined): number | undefined => {
  if (retryAfter === undefined) return undefined;
  const ms = /^\d+$/.test(retryAfter)
    ? Number(retryAfter) * 1_000
    : Date.parse(retryAfter) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
};

/** The error for a request that nobody answered. */
export const unreachable = (url: string, cause: unknown): ForklineError => {
  const reason = reasonOf(cause);
  const detail = `nothing answers at ${url}${reason === undefined ? '' : ` (${reason})`}`;
  return new ForklineError(0, 'unreachable', { detail }, { cause });
};

/** Whether a call ended because its signal said so. */
export const isAbort = (error: unknown): boolean =>
  isErrorLike(error) && (error.name === 'AbortError' || error.name === 'TimeoutError');

// fetch says "fetch failed", and why in the cause; a host with several addresses gives several causes.
const reasonOf = (error: unknown): string | undefined => {
  if (!isErrorLike(error)) return undefined;
  if (error.message === '' && Array.isArray(error.errors)) return reasonOf(error.errors[0]);
  return reasonOf(error.cause) ?? error.message;
};

type ErrorLike = Readonly<{ name: string; message: string; cause?: unknown; errors?: unknown }>;

// By its looks: what node throws is not of the same realm as this module everywhere, not under Jest.
const isErrorLike = (error: unknown): error is ErrorLike =>
  typeof error === 'object' && error !== null && 'name' in error && 'message' in error;

const parseObject = (text: string): JsonObject | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as JsonObject)
      : undefined;
  } catch {
    return undefined;
  }
};

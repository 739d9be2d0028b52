import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import type { Caller, CommandRequest, RequestOrigin } from '../commands/request.js';
import { newId } from './new-id.js';
import { malformed, type Problem } from './problem.js';

/** What a handler knows of the request besides its parameters, query and body. */
export type RequestContext = Readonly<{
  caller: Caller;
  command: CommandRequest;
  /** The id of what the request creates, unless it names one. */
  newId: string;
  /** That id was made for this request, and no other was carried out under it, nor will be. */
  isNewId: boolean;
  /** Hears of a part of the request that was refused, though the request as a whole is not. */
  refused?(problem: Problem): void;
}>;

/**
 * The ids that a request is carried out under: the same when it is repeated under its idempotency key,
 * and `areNew` where it has none.
 */
export type RequestIds = Readonly<{ commandId: string; newId: string; areNew?: true }>;

/** Says who asks; undefined when that is not known. */
export type Identify = (request: IncomingMessage) => Promise<Caller | undefined>;

const printable = /^[\x21-\x7e]{1,200}$/;
/** As W3C Trace Context has it: neither version ff nor ids of zeros only. */
const traceContext = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

const requestIdHeader = 'X-Request-Id';

/** Gives a request an id: its own if that is printable, or a new one. The answer carries it from then on. */
export const nameRequest = ({ headers }: IncomingMessage, response: ServerResponse): void => {
  const named = headers['x-request-id'];
  const isPrintable = typeof named === 'string' && printable.test(named);
  response.setHeader(requestIdHeader, isPrintable ? named : newId());
};

/** As {@link nameRequest}, in the form that Express takes. */
export const giveRequestId: RequestHandler = (request, response, next) => {
  nameRequest(request, response);
  next();
};

/** The id that a request was given. */
export const requestIdOf = (response: ServerResponse): string =>
  String(response.getHeader(requestIdHeader));

/**
 * What a handler is told of a request.
 *
 * @throws Problem when If-Match is not one strong entity tag made of a revision (RFC 9110, 13.1.1)
 */
export const contextOf = (
  { headers }: IncomingMessage,
  caller: Caller,
  requestId: string,
  ids: RequestIds,
  origin: RequestOrigin,
): RequestContext => {
  const ifRevision = revisionOf(headers['if-match']);
  const { traceparent } = headers;
  return {
    caller,
    newId: ids.newId,
    isNewId: ids.areNew ?? false,
    command: {
      commandId: ids.commandId,
      requestId,
      caller,
      origin,
      ...(ids.areNew && { isFirst: true }),
      ...(typeof traceparent === 'string' && traceContext.test(traceparent) && { traceparent }),
      ...(ifRevision !== undefined && { ifRevision }),
    },
  };
};

const revisionOf = (ifMatch: string | undefined): number | undefined => {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  const revision = /^"(\d{1,15})"$/.exec(ifMatch.trim())?.[1];
  if (revision !== undefined) return Number(revision);
  throw malformed('If-Match', 'must be one strong entity tag made of a revision, as in "12"');
};

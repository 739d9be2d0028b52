import type { IncomingMessage } from 'node:http';
import { v7 } from 'uuid';
import type { Caller, CommandRequest } from '../commands/request.js';
import { Problem } from './problem.js';

/** What a handler knows of the request besides its parameters, query and body. */
export type RequestContext = Readonly<{
  caller: Caller;
  command: CommandRequest;
  /** The id of what the request creates, unless it names one: the same when the request is repeated under its idempotency key. */
  newId: string;
}>;

/** Says who asks; undefined when that is not known. */
export type Identify = (request: IncomingMessage) => Promise<Caller | undefined>;

const printable = /^[\x21-\x7e]{1,200}$/;
const traceContext = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The request's own id if it is printable, or a new one. */
export const requestIdOf = ({ headers }: IncomingMessage): string => {
  const named = headers['x-request-id'];
  return typeof named === 'string' && printable.test(named) ? named : v7();
};

/** @throws Problem when If-Match is not one strong entity tag made of a revision */
export const contextOf = (
  { headers }: IncomingMessage,
  caller: Caller,
  requestId: string,
  ids: Readonly<{ commandId: string; newId: string }>,
): RequestContext => {
  const ifRevision = revisionOf(headers['if-match']);
  const { traceparent } = headers;
  return {
    caller,
    newId: ids.newId,
    command: {
      commandId: ids.commandId,
      requestId,
      caller,
      ...(typeof traceparent === 'string' && traceContext.test(traceparent) && { traceparent }),
      ...(ifRevision !== undefined && { ifRevision }),
    },
  };
};

const revisionOf = (ifMatch: string | undefined): number | undefined => {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  const revision = /^"(\d{1,15})"$/.exec(ifMatch.trim())?.[1];
  if (revision !== undefined) return Number(revision);
  throw new Problem('bad-request', 'If-Match must be one strong entity tag, as in "12"', {
    errors: [{ path: 'If-Match', message: 'must be a revision in double quotes' }],
  });
};

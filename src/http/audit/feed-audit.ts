import type { IncomingMessage } from 'node:http';
import { v7 } from 'uuid';
import type { Caller, RequestOrigin } from '../../commands/request.js';
import type { Refused } from '../access.js';
import type { Attempt } from './attempt.js';

type Admit = (request: IncomingMessage) => Promise<Caller | Refused>;
type Refuse = (
  request: IncomingMessage,
  caller: Caller | undefined,
) => Promise<Refused | undefined>;

type KeepOut = (request: IncomingMessage) => Refused | undefined;

export type FeedAuditOptions = Readonly<{
  keepOut: KeepOut;
  admit: Admit;
  refuse: Refuse;
  note: (attempt: Attempt) => void;
  originOf: (request: IncomingMessage) => RequestOrigin;
  /** Whether it is kept that administrators follow the feed, on which they see everything. */
  keepsReads: boolean;
}>;

/** Who may open a WebSocket, with note taken of those turned away. */
export const auditedFeed = ({
  keepOut,
  admit,
  refuse,
  note,
  originOf,
  keepsReads,
}: FeedAuditOptions): Readonly<{ keepOut: KeepOut; admit: Admit; refuse: Refuse }> => {
  const attemptOf = (request: IncomingMessage, caller: Caller | undefined) => ({
    method: 'GET',
    route: '/v1/feed',
    origin: originOf(request),
    requestId: [request.headers['x-request-id'] ?? v7()].flat()[0] ?? '',
    ...(caller && { caller }),
  });
  const turnedAway = (
    request: IncomingMessage,
    caller: Caller | undefined,
    { status, code }: Refused,
  ) => note({ ...attemptOf(request, caller), type: 'AccessRefused', status, code });

  return {
    keepOut: (request) => {
      const refusal = keepOut(request);
      if (refusal) turnedAway(request, undefined, refusal);
      return refusal;
    },
    admit: async (request) => {
      const admitted = await admit(request);
      if ('code' in admitted && [401, 403].includes(admitted.status))
        turnedAway(request, undefined, admitted);
      return admitted;
    },
    refuse: async (request, caller) => {
      const refusal = await refuse(request, caller);
      if (refusal) turnedAway(request, caller, refusal);
      else if (caller?.admin && keepsReads)
        note({ ...attemptOf(request, caller), type: 'OthersThingRead' });
      return refusal;
    },
  };
};

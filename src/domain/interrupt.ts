import { withFields } from '../fields.js';
import { type Decider, type Decision, evolveWith, type Fact, reject } from './decider.js';
import {
  adoptionIn,
  detached,
  type ForkOrigin,
  originOf,
  type StreamDetached,
  type StreamForked,
} from './fork.js';
import { isSameJson, type JsonObject } from './json.js';
import { isBefore, type Moment, secondsAfter } from './time.js';

// Events. Names and fields are the storage format.

/** What an interrupt may be about; settings say what each kind is like. */
export const interruptKinds = [
  'clarification',
  'confirmation',
  'agent_review',
  'checkpoint',
  'resource_exhausted',
  'timeout',
  'system_error',
] as const;

export type InterruptKind = (typeof interruptKinds)[number];

/** The sorts of answer that an interrupt may ask for; `data` may come with any. */
export const responseFields = ['text', 'approved', 'decision'] as const;

export type ResponseField = (typeof responseFields)[number];

export type Response = Readonly<{
  text?: string;
  approved?: boolean;
  decision?: string;
  data?: JsonObject;
}>;

export type Raised = {
  kind: InterruptKind;
  requestId: string;
  userId: string;
  sessionId: string;
  executionId?: string;
  question?: string;
  message?: string;
  data?: JsonObject;
  /** The sorts of answer it takes. */
  responses: readonly ResponseField[];
  /** Whether an answer has to be one of those; one that need not may bring data alone, or nothing. */
  requiresResponse: boolean;
  /** What the feed calls its being raised. */
  topic: string;
  /** How long it waits, in seconds, and until when; forever when absent. */
  ttlSeconds?: number;
  expiresAt?: Moment;
  /** W3C trace context of the request that raised it. */
  traceId?: string;
  spanId?: string;
};

export type InterruptEvent =
  | Fact<'InterruptRaised', Raised>
  | Fact<'InterruptResolved', { response: Response; respondedBy: string }>
  | Fact<'InterruptCancelled', { reason?: string }>
  | Fact<'InterruptExpired'>
  | StreamForked
  | StreamDetached;

// State.

/** What an interrupt may be like: it begins pending, and stays at any of the others. */
export const interruptStatuses = ['pending', 'resolved', 'cancelled', 'expired'] as const;

export type InterruptStatus = (typeof interruptStatuses)[number];

export type LiveInterrupt = Readonly<
  Raised & {
    status: InterruptStatus;
    response?: Response;
    respondedBy?: string;
    reason?: string;
    forkedFrom?: ForkOrigin;
  }
>;

export type Interrupt = Readonly<{ status: 'absent' }> | LiveInterrupt;

// Commands.

export type InterruptCommand =
  | Readonly<{ type: 'RaiseInterrupt' } & Raised>
  | Readonly<{ type: 'RespondToInterrupt'; response: Response; respondedBy: string; at: Moment }>
  | Readonly<{ type: 'CancelInterrupt'; reason?: string }>
  | Readonly<{ type: 'ExpireInterrupt'; at: Moment }>;

export type InterruptRejection =
  | 'interrupt-not-found'
  | 'interrupt-already-exists'
  | 'interrupt-already-settled'
  | 'response-not-fitting';

type InterruptDecision = Decision<InterruptEvent, InterruptRejection>;

// Rules.

/** The times of an interrupt that was raised twice differ; what it asks does not. */
const withoutTimes = ({ expiresAt, traceId, spanId, ...asked }: Raised) => asked;

const raise = (
  { type: _, ...raised }: Extract<InterruptCommand, { type: 'RaiseInterrupt' }>,
  interrupt: Interrupt,
): InterruptDecision => {
  if (interrupt.status === 'absent') return [{ type: 'InterruptRaised', data: raised }];
  const { status, response, respondedBy, reason, forkedFrom, ...before } = interrupt;
  return isSameJson(withoutTimes(before), withoutTimes(raised))
    ? []
    : reject('interrupt-already-exists');
};

/** Whether an answer is of a sort that the interrupt asks for, and of no other. */
const isFitting = (response: Response, { responses, requiresResponse }: LiveInterrupt): boolean => {
  const given = responseFields.filter((field) => response[field] !== undefined);
  return (
    given.every((field) => responses.includes(field)) && (given.length > 0 || !requiresResponse)
  );
};

/** Whether its time is up at a moment, whether or not that has been noted. */
const isOverdue = ({ expiresAt }: Pick<LiveInterrupt, 'expiresAt'>, at: Moment): boolean =>
  expiresAt !== undefined && !isBefore(at, expiresAt);

const respond = (
  { response, respondedBy, at }: Extract<InterruptCommand, { type: 'RespondToInterrupt' }>,
  interrupt: LiveInterrupt,
): InterruptDecision => {
  const { status } = interrupt;
  const isSame =
    status === 'resolved' &&
    interrupt.respondedBy === respondedBy &&
    isSameJson(interrupt.response, response);
  if (isSame) return [];
  // The deadline counts, not how soon after it someone notes that it has passed.
  if (status !== 'pending' || isOverdue(interrupt, at)) return reject('interrupt-already-settled');
  if (!isFitting(response, interrupt)) return reject('response-not-fitting');
  return [{ type: 'InterruptResolved', data: { response, respondedBy } }];
};

const decide = (command: InterruptCommand, interrupt: Interrupt): InterruptDecision => {
  if (command.type === 'RaiseInterrupt') return raise(command, interrupt);
  if (interrupt.status === 'absent') return reject('interrupt-not-found');
  switch (command.type) {
    case 'RespondToInterrupt':
      return respond(command, interrupt);
    case 'CancelInterrupt': {
      const { type: _, ...data } = command;
      if (interrupt.status === 'cancelled') return [];
      if (interrupt.status !== 'pending') return reject('interrupt-already-settled');
      return [{ type: 'InterruptCancelled', data }];
    }
    case 'ExpireInterrupt': {
      // Whoever watches the deadline may be late, or early by a moment: neither is a mistake.
      const isDue = interrupt.status === 'pending' && isOverdue(interrupt, command.at);
      return isDue ? [{ type: 'InterruptExpired', data: {} }] : [];
    }
  }
};

// Evolution. Events other than the first mean nothing to an interrupt that is not there.

const onLive =
  <Data>(change: (interrupt: LiveInterrupt, data: Data) => Partial<LiveInterrupt>) =>
  (interrupt: Interrupt, data: Data): Interrupt =>
    interrupt.status === 'absent' ? interrupt : withFields(interrupt, change(interrupt, data));

/** A question to a person that holds up an agent, until it is answered, cancelled or too late. */
export const interrupt: Decider<InterruptCommand, Interrupt, InterruptEvent, InterruptRejection> = {
  category: 'interrupt',
  initial: { status: 'absent' },
  decide,
  ownerOf: (state) => (state.status === 'absent' ? undefined : state.userId),
  correlationOf: (state) => (state.status === 'absent' ? undefined : state.sessionId),
  notFound: 'interrupt-not-found',
  forkExpiresAt: (state, forkedAt) =>
    state.status === 'pending' && state.ttlSeconds !== undefined
      ? secondsAfter(forkedAt, state.ttlSeconds)
      : undefined,

  evolve: evolveWith<Interrupt, InterruptEvent>({
    InterruptRaised: (_, data) => withFields(data, { status: 'pending' }),
    InterruptResolved: onLive((_, data) => withFields(data, { status: 'resolved' })),
    InterruptCancelled: onLive((_, data) => withFields(data, { status: 'cancelled' })),
    InterruptExpired: onLive(() => ({ status: 'expired' as const })),
    // The deadline of a fork's past is not its own: it waits anew, if it still waits.
    StreamForked: (state, data) => {
      if (state.status === 'absent') return state;
      const { ttlSeconds, expiresAt: _, ...interrupt } = state;
      const { expiresAt } = data;
      const forkedFrom = originOf(data.ancestry);
      return {
        ...interrupt,
        ...(ttlSeconds !== undefined && expiresAt !== undefined && { ttlSeconds, expiresAt }),
        ...adoptionIn(data),
        ...(forkedFrom && { forkedFrom }),
      };
    },
    StreamDetached: onLive(detached),
  }),
};

import type { CommandRequest, Outcome } from '../../commands/request.js';
import { isRejection, type Rejection } from '../../domain/decider.js';
import {
  type InterruptEvent,
  type InterruptRejection,
  type InterruptStatus,
  interrupt,
  type LiveInterrupt,
  type Response,
  responseFields,
} from '../../domain/interrupt.js';
import { firstState } from '../../eventstore/fold.js';
import type { Streams } from '../../eventstore/lineage.js';
import { Problem } from '../problem.js';
import type { Services } from '../services.js';

type Answered = Promise<Outcome | Rejection<InterruptRejection>>;

/** Answers and cancels interrupts; whoever comes too late is told what came before. */
export const settlingInterrupts = ({ interrupts, streams, clock }: Services) => ({
  /** @throws Problem when the answer is not what is asked for, or comes too late */
  respond: async (id: string, response: Response, command: CommandRequest): Promise<Outcome> => {
    const respondedBy = command.caller.userId;
    const at = new Date(clock.now()).toISOString();
    const answer = { type: 'RespondToInterrupt' as const, response, respondedBy, at };
    return orRefusal(streams, id, interrupts(id, [answer], command), response);
  },
  /** @throws Problem when it is settled already */
  cancel: async (
    id: string,
    why: Readonly<{ reason?: string }>,
    command: CommandRequest,
  ): Promise<Outcome> =>
    orRefusal(streams, id, interrupts(id, [{ type: 'CancelInterrupt', ...why }], command)),
});

const orRefusal = async (
  streams: Streams,
  id: string,
  answered: Answered,
  response: Response = {},
): Promise<Outcome> => {
  const outcome = await answered;
  if (!isRejection(outcome)) return outcome;
  const { rejected } = outcome;
  const stream = `interrupt-${id}`;
  if (rejected === 'response-not-fitting') throw await notFitting(streams, stream, response);
  if (rejected === 'interrupt-already-settled') throw await alreadySettled(streams, stream);
  throw new Problem(rejected);
};

const notFitting = async (
  streams: Streams,
  stream: string,
  response: Response,
): Promise<Problem> => {
  const asked = await raisedAs(streams, stream);
  const sorts = asked.responses.join(', ');
  const unwanted = responseFields.filter(
    (field) => response[field] !== undefined && !asked.responses.includes(field),
  );
  const errors =
    unwanted.length > 0
      ? unwanted.map((path) => ({
          path,
          message: `is not asked for; asked for: ${sorts || 'data'}`,
        }))
      : asked.responses.map((path) => ({ path, message: `is asked for (one of: ${sorts})` }));
  const [first] = errors;
  return new Problem('response-not-fitting', `${first?.path}: ${first?.message}`, { errors });
};

const alreadySettled = async (streams: Streams, stream: string): Promise<Problem> => {
  const settled = await settlementOf(streams, stream);
  const by = settled.respondedBy === undefined ? '' : ` by ${settled.respondedBy}`;
  const detail = `the interrupt was ${settled.status}${by} at ${settled.settledAt}`;
  return new Problem('interrupt-already-settled', detail, { settled });
};

/** How an interrupt was settled, when, and by whom if by an answer. */
type Settlement = Readonly<{ status: InterruptStatus; settledAt: string; respondedBy?: string }>;

const settlementOf = async (streams: Streams, stream: string): Promise<Settlement> => {
  for await (const event of streams.read(stream, { direction: 'backwards' })) {
    const settled = statusAfter[event.type as InterruptEvent['type']];
    const { respondedBy } = event.data as { respondedBy?: string };
    if (settled)
      return {
        status: settled,
        settledAt: event.created,
        ...(respondedBy !== undefined && { respondedBy }),
      };
  }
  // Its time is up, which nobody has noted yet.
  const { expiresAt = '' } = await raisedAs(streams, stream);
  return { status: 'expired', settledAt: expiresAt };
};

const statusAfter: Readonly<Partial<Record<InterruptEvent['type'], InterruptStatus>>> = {
  InterruptResolved: 'resolved',
  InterruptCancelled: 'cancelled',
  InterruptExpired: 'expired',
};

const raisedAs = async (streams: Streams, stream: string): Promise<LiveInterrupt> => {
  const state = await firstState(streams, interrupt, stream);
  if (!state || state.status === 'absent') throw new Problem('interrupt-not-found');
  return state;
};

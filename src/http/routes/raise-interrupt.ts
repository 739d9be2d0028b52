import type { CommandRequest } from '../../commands/request.js';
import { isRejection } from '../../domain/decider.js';
import type { InterruptKind } from '../../domain/interrupt.js';
import type { JsonObject } from '../../domain/json.js';
import { secondsAfter } from '../../domain/time.js';
import { given } from '../../fields.js';
import { creating, written } from '../answers.js';
import { belongingOf } from '../belonging.js';
import type { RequestContext } from '../context.js';
import type { FamilyGate } from '../family-gate.js';
import { Problem } from '../problem.js';
import type { Answer } from '../route.js';
import type { Services } from '../services.js';

type NewInterrupt = Readonly<{
  id?: string | undefined;
  kind: InterruptKind;
  requestId: string;
  sessionId: string;
  executionId?: string | undefined;
  question?: string | undefined;
  message?: string | undefined;
  data?: JsonObject | undefined;
  ttlSeconds?: number | null | undefined;
}>;

/** Makes what raises interrupts: each as its kind says, in sessions that are not over. */
export const interruptRaising = (services: Services, gate: FamilyGate) => {
  const { interrupts, sessions, streams, clock, interruptKinds } = services;

  /** @throws Problem when the session is over */
  const enter = async (sessionId: string, { ifRevision: _, ...command }: CommandRequest) => {
    const entered = await sessions(sessionId, [{ type: 'EnterSession' }], command);
    if (!isRejection(entered)) return;
    const isOver = entered.rejected === 'session-not-active';
    throw new Problem(
      entered.rejected,
      isOver ? 'the session is terminated or deleted' : undefined,
    );
  };

  return async (asked: NewInterrupt, { newId, command }: RequestContext): Promise<Answer> => {
    const { id = newId, sessionId, executionId, ttlSeconds, ...question } = asked;
    const raise = async () => {
      const { userId } = await belongingOf(streams, command.caller, { sessionId, executionId });
      await enter(sessionId, command);
      const { ttlSeconds: defaultTtl, ...settings } = interruptKinds[question.kind];
      const ttl = ttlSeconds === undefined ? defaultTtl : ttlSeconds;
      const at = new Date(clock.now()).toISOString();
      const raised = {
        type: 'RaiseInterrupt' as const,
        userId,
        sessionId,
        ...given({ ...question, executionId }),
        ...settings,
        ...(ttl !== null && { ttlSeconds: ttl, expiresAt: secondsAfter(at, ttl) }),
        ...traceIn(command),
      };
      return interrupts(id, [raised], command);
    };
    const outcome = await creating(
      `interrupt-${id}`,
      'interrupt-already-exists',
      gate.add(sessionId, raise),
    );
    // Somebody else's interrupt has the id.
    if ('rejected' in outcome && outcome.rejected === 'interrupt-not-found')
      throw new Problem('interrupt-already-exists');
    return written(outcome, { created: `/v1/interrupts/${id}` });
  };
};

/** The ids of trace and span in a W3C traceparent: `version-trace-span-flags`. */
const traceIn = ({ traceparent }: CommandRequest) => {
  const [, traceId, spanId] = traceparent?.split('-') ?? [];
  return traceId !== undefined && spanId !== undefined ? { traceId, spanId } : {};
};

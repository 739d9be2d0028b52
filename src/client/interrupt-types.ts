import type { ForkOrigin, JsonObject, PageQuery } from './types.js';

export type InterruptKind =
  | 'clarification'
  | 'confirmation'
  | 'agent_review'
  | 'checkpoint'
  | 'resource_exhausted'
  | 'timeout'
  | 'system_error';

export type InterruptStatus = 'pending' | 'resolved' | 'cancelled' | 'expired';

export type NewInterrupt = Readonly<{
  id?: string;
  kind: InterruptKind;
  requestId: string;
  sessionId: string;
  executionId?: string;
  question?: string;
  message?: string;
  data?: JsonObject;
  /** How long it waits, in seconds; as its kind has it when absent, as long as it takes when null. */
  ttlSeconds?: number | null;
}>;

/** An answer. Of which sort it must be, the interrupt says in `responses`; data may come with any. */
export type InterruptResponse = Readonly<{
  text?: string;
  approved?: boolean;
  decision?: string;
  data?: JsonObject;
}>;

export type Interrupt = Readonly<{
  id: string;
  userId: string;
  kind: InterruptKind;
  requestId: string;
  sessionId: string;
  executionId?: string;
  question?: string;
  message?: string;
  data?: JsonObject;
  status: InterruptStatus;
  /** The sorts of answer it takes. */
  responses: readonly ('text' | 'approved' | 'decision')[];
  /** Whether an answer has to be one of those. */
  requiresResponse: boolean;
  /** What the feed calls its being raised. */
  topic: string;
  ttlSeconds?: number;
  expiresAt?: string;
  traceId?: string;
  spanId?: string;
  response?: InterruptResponse;
  respondedBy?: string;
  /** Why it was cancelled. */
  reason?: string;
  createdAt: string;
  updatedAt: string;
  settledAt?: string;
  forkedFrom?: ForkOrigin;
  revision: number;
}>;

export type InterruptQuery = PageQuery &
  Readonly<{
    status?: InterruptStatus;
    kind?: InterruptKind;
    sessionId?: string;
    requestId?: string;
    executionId?: string;
  }>;

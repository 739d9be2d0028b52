import { z } from 'zod';
import { interruptKinds, interruptStatuses, responseFields } from '../../domain/interrupt.js';
import type { InterruptView } from '../../queries/interrupts.js';
import { jsonObject } from '../schema.js';
import { schemaOf } from './agreement.js';
import { forkOrigin, moment, revision, uuid } from './common.js';

const response = z.strictObject({
  text: z.string().exactOptional(),
  approved: z.boolean().exactOptional(),
  decision: z.string().exactOptional(),
  data: jsonObject.exactOptional(),
});

export const interruptSchema = schemaOf<InterruptView>()(
  z
    .strictObject({
      id: uuid,
      kind: z.enum(interruptKinds),
      requestId: z.string(),
      userId: z.string(),
      sessionId: uuid,
      executionId: uuid.exactOptional(),
      question: z.string().exactOptional(),
      message: z.string().exactOptional(),
      data: jsonObject.exactOptional(),
      responses: z.array(z.enum(responseFields)).describe('The sorts of answer it takes.'),
      requiresResponse: z.boolean(),
      topic: z.string(),
      ttlSeconds: z.number().exactOptional(),
      expiresAt: moment.exactOptional(),
      traceId: z.string().exactOptional(),
      spanId: z.string().exactOptional(),
      status: z.enum(interruptStatuses),
      response: response.exactOptional(),
      respondedBy: z.string().exactOptional(),
      reason: z.string().exactOptional(),
      createdAt: moment,
      updatedAt: moment,
      settledAt: moment.exactOptional(),
      revision,
      forkedFrom: forkOrigin.exactOptional(),
    })
    .meta({ id: 'Interrupt' }),
);

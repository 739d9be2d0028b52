import { z } from 'zod';
import type { MessageView } from '../../queries/messages.js';
import type { MessageHit } from '../../queries/search.js';
import type { SessionView } from '../../queries/sessions.js';
import { jsonObject } from '../schema.js';
import { schemaOf } from './agreement.js';
import { count, forkOrigin, moment, origin, revision, uuid } from './common.js';

export const sessionSchema = schemaOf<SessionView>()(
  z
    .strictObject({
      id: uuid,
      userId: z.string(),
      title: z.string(),
      status: z.enum([
        ...['created', 'active', 'processing', 'paused'],
        ...['completed', 'failed', 'terminated'],
      ] as const),
      mode: z.enum(['interactive', 'background']),
      metadata: jsonObject,
      parentSessionId: uuid.exactOptional(),
      archived: z.boolean(),
      deleted: z.boolean(),
      messageCount: count.describe('Of messages that are not deleted.'),
      createdAt: moment,
      updatedAt: moment,
      revision,
      forkedFrom: forkOrigin.exactOptional(),
    })
    .meta({ id: 'Session' }),
);

const role = z.enum(['user', 'assistant', 'system', 'tool']);

export const messageSchema = schemaOf<MessageView>()(
  z
    .strictObject({
      id: uuid,
      role,
      content: z.union([z.string(), z.array(jsonObject)]),
      name: z.string().exactOptional(),
      toolCalls: z.array(jsonObject).exactOptional(),
      toolCallId: z.string().exactOptional(),
      metadata: jsonObject,
      createdAt: moment,
      editedAt: moment.exactOptional(),
      deleted: z.literal(true).exactOptional(),
      revision: revision.describe('Of the event that posted it.'),
      origin: origin.exactOptional(),
    })
    .meta({ id: 'Message' }),
);

export const messageHitSchema = schemaOf<MessageHit>()(
  z
    .strictObject({
      id: uuid,
      sessionId: uuid,
      role,
      createdAt: moment,
      score: z.number().describe('Larger is better; compares hits of one search only.'),
      highlights: z
        .array(z.string())
        .describe('What was found is marked with `<em>`; the rest is HTML-escaped.'),
    })
    .meta({ id: 'MessageHit' }),
);

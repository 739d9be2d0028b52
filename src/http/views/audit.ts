import { z } from 'zod';
import type { AuditView } from '../../queries/audit.js';
import { schemaOf } from './agreement.js';
import { count, moment, position, revision, streamName } from './common.js';

export const auditEntrySchema = schemaOf<AuditView>()(
  z
    .strictObject({
      position,
      at: moment,
      type: z.string().describe('The type of the event.'),
      stream: streamName.exactOptional().describe('The stream it is about.'),
      revision: revision.exactOptional(),
      userId: z.string().exactOptional().describe('Who it was; absent when nobody knows.'),
      ownerId: z.string().exactOptional().describe('Whose the stream is.'),
      clientAddress: z.string().exactOptional(),
      userAgent: z.string().exactOptional(),
      keyId: z.string().exactOptional().describe('The API key that was shown.'),
      requestId: z.string().exactOptional(),
      attempt: z
        .strictObject({
          method: z.string(),
          route: z.string(),
          status: z.int().exactOptional(),
          code: z.string().exactOptional(),
          count,
          firstAt: moment,
          lastAt: moment,
        })
        .exactOptional()
        .describe('What was asked, and how often, of what left no event by itself.'),
    })
    .meta({ id: 'AuditEntry' }),
);

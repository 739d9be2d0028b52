import { z } from 'zod';
import { storedName } from '../../domain/deciders.js';
import { given } from '../../fields.js';
import { listAudit } from '../../queries/audit.js';
import { type Route, route } from '../route.js';
import { after, paging } from '../schema.js';
import type { Services } from '../services.js';
import { auditEntrySchema } from '../views/audit.js';
import { pageOf } from '../views/common.js';

/** A time, as the store writes them. */
const time = z.iso
  .datetime({ offset: true })
  .transform((written) => new Date(written).toISOString());

/** Who did what, and who was kept from it. */
export const auditRoutes = ({ collections }: Services): readonly Route[] => [
  route({
    method: 'get',
    path: '/v1/audit',
    access: 'admin',
    reads: ['audit'],
    query: z.strictObject({
      userId: z.string().min(1).max(200).optional(),
      stream: z.string().min(1).max(300).overwrite(storedName).optional(),
      type: z.string().min(1).max(200).optional(),
      since: time.optional(),
      until: time.optional(),
      ...paging,
      ...after,
    }),
    operationId: 'listAudit',
    summary: 'List who did what, newest first',
    answers: { 200: pageOf(auditEntrySchema) },
    handle: async ({ query: { after: _, ...query } }) => ({
      status: 200,
      body: await listAudit(collections, given(query)),
    }),
  }),
];

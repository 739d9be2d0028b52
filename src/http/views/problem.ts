import { z } from 'zod';
import { type ProblemDocument, problemCodes } from '../problem.js';
import type { Check } from '../readiness.js';
import { schemaOf } from './agreement.js';
import { count, moment, revision, streamName } from './common.js';

export const checkSchema = schemaOf<Check>()(
  z
    .strictObject({ name: z.string(), ok: z.boolean(), reason: z.string().exactOptional() })
    .meta({ id: 'Check' }),
);

/** What every refusal answers: a problem document (RFC 9457), with what some of them say besides. */
export const problemSchema = schemaOf<ProblemDocument>()(
  z
    .strictObject({
      type: z.string(),
      title: z.string(),
      status: z.int().min(400).max(599),
      detail: z.string(),
      instance: z.string().describe('The path that was asked for.'),
      code: z.enum(problemCodes),
      requestId: z.string(),
      errors: z
        .array(z.strictObject({ path: z.string().min(1), message: z.string() }))
        .describe('Each part of the request that is malformed.')
        .exactOptional(),
      currentRevision: revision
        .nullable()
        .describe('Where the stream is; null when there is none.')
        .exactOptional(),
      forks: z
        .array(z.strictObject({ stream: streamName, at: count }))
        .describe('Those that are in the way.')
        .exactOptional(),
      settled: z
        .strictObject({
          status: z.enum(['pending', 'resolved', 'cancelled', 'expired']),
          settledAt: moment,
          respondedBy: z.string().exactOptional(),
        })
        .describe('How the interrupt was settled.')
        .exactOptional(),
      checks: z.array(checkSchema).describe('What the node has to be able to do.').exactOptional(),
    })
    .meta({ id: 'Problem', description: 'Why a request was refused (RFC 9457).' }),
);

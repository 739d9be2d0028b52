import { z } from 'zod';
import type { ImportItem } from '../../importing/import-runs.js';
import { schemaOf } from './agreement.js';
import { count, position, uuid } from './common.js';

const item = schemaOf<ImportItem>()(
  z.union([
    z.strictObject({
      index: count,
      sessionId: uuid,
      executionId: uuid,
      messages: count,
      checkpoints: count,
      added: count.describe('Events added now; 0 when the run was there.'),
      warnings: z.array(z.string()),
    }),
    z.strictObject({ index: count, error: z.string(), code: z.string() }),
  ]),
);

/** What became of the runs of a file. */
const importedSchema = z
  .strictObject({ items: z.array(item), position: position.exactOptional() })
  .meta({ id: 'Imported' });

/** The same as it goes on, a line at a time. */
const progressing = z
  .string()
  .describe('One JSON object a line: progress, an item, done, or a problem.');

export const answeredSchema = {
  'application/json': importedSchema,
  'application/x-ndjson': progressing,
};

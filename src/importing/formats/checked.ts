import type { z } from 'zod';
import type { JsonValue } from '../../domain/json.js';
import { UnreadableRecording } from '../unreadable-recording.js';

/** The value, checked against a schema. Throws UnreadableRecording that names the first thing wrong. */
export const checked = <Schema extends z.ZodType>(
  schema: Schema,
  value: JsonValue,
  format: string,
): z.output<Schema> => {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = (issue?.path ?? []).map((key) =>
    typeof key === 'number' ? `[${key}]` : `.${String(key)}`,
  );
  throw new UnreadableRecording(
    `not a ${format} run (${issue?.message ?? 'malformed'})`,
    path.join('').replace(/^\./, ''),
  );
};

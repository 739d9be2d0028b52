import type { z } from 'zod';
import type { JsonValue } from '../../domain/json.js';
import { UnreadableRecording } from '../unreadable-recording.js';

/**
 * Checks a value against the schema of a format.
 *
 * @param format as the reason names it
 * @throws UnreadableRecording with the first thing that is wrong, and its place in the value
 */
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
    `not a run of ${format} (${issue?.message ?? 'malformed'})`,
    path.join('').replace(/^\./, ''),
  );
};

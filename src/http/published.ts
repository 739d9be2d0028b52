import { z } from 'zod';

type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * What the API's document says of schemas that JSON Schema cannot be derived from, or that say less
 * there than they do: functions, and text that becomes a number.
 */
export const published = z.registry<JsonSchema>();

/** Has the document say something else of a schema than what can be derived from it. */
export const publishedAs = <Schema extends z.ZodType>(
  schema: Schema,
  jsonSchema: JsonSchema,
): Schema => {
  published.add(schema, jsonSchema);
  return schema;
};

import type { z } from 'zod';

/** In JSON Schema, or as a schema that it can be derived from. */
type Said = Readonly<Record<string, unknown>> | z.ZodType;

const said = new WeakMap<z.core.$ZodType, Said>();

/**
 * Has the API's document say something else of a schema than what can be derived from it: of one that
 * JSON Schema has no words for, as a function, or that says less there than it does, as text that
 * becomes a number.
 *
 * @returns the schema
 */
export const publishedAs = <Schema extends z.core.$ZodType>(
  schema: Schema,
  instead: Said,
): Schema => {
  said.set(schema, instead);
  return schema;
};

/** What the document says instead of a schema, or of the one that it was refined from. */
export const publishedOf = (schema: z.core.$ZodType): Said | undefined => {
  const { parent } = schema._zod;
  return said.get(schema) ?? (parent && publishedOf(parent));
};

import type { z } from 'zod';

/** In JSON Schema, or as a schema that it can be derived from. */
type Said = Readonly<Record<string, unknown>> | z.ZodType;

const said = new WeakMap<z.core.$ZodType, Said>();

/**
 * Has the API's document show something else for a schema than what would be derived from it: for
 * functions, which JSON Schema has no words for, and for text that is read as a number, which would be
 * shown as any text.
 *
 * @param instead JSON Schema, or a schema it can be derived from
 * @returns the schema itself
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

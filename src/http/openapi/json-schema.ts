import { z } from 'zod';
import { publishedOf } from '../published.js';

/** A schema of JSON Schema 2020-12, or another object of the document. */
export type Json = { [key: string]: unknown };

/** Where schemas with a name of their own are gathered. */
export type Components = Map<string, Json>;

const components = '#/components/schemas/';

/**
 * The JSON Schema of what a schema takes, or of what it gives. Parts with an id are put beside, and
 * referred to.
 */
export const jsonSchemaOf = (
  schema: z.ZodType,
  io: 'input' | 'output',
  named: Components,
): Json => {
  const { $schema: _, ...made } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    target: 'draft-2020-12',
    override: ({ zodSchema, jsonSchema }) => {
      const said = publishedOf(zodSchema);
      const instead = said instanceof z.ZodType ? jsonSchemaOf(said, io, named) : said;
      publish(zodSchema, jsonSchema as Json, instead);
    },
  });
  const { $defs = {}, ...own } = pointing(made) as Json & { $defs?: Record<string, Json> };
  for (const [name, definition] of Object.entries($defs)) named.set(name, definition);
  return own;
};

const publish = (schema: z.core.$ZodType, made: Json, instead: Json | undefined): void => {
  if (instead) {
    for (const key of Object.keys(made)) delete made[key];
    Object.assign(made, instead);
  }
  // What every whole number is bound by says nothing of this one.
  if (made.maximum === Number.MAX_SAFE_INTEGER) delete made.maximum;
  if (made.minimum === Number.MIN_SAFE_INTEGER) delete made.minimum;
  // Zod leaves out the default of what is transformed, for that of the input need not be the same.
  const { def } = schema._zod as { def: { type: string; defaultValue?: unknown } };
  if (def.type === 'default') made.default ??= def.defaultValue;
};

/** With references that lead to the components of the document. */
const pointing = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(pointing);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) =>
      key === '$ref' && typeof inner === 'string'
        ? [key, inner.replace(/^#\/\$defs\//, components)]
        : [key, pointing(inner)],
    ),
  );
};

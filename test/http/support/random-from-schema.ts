import fc from 'fast-check';
import { hostile } from './random-values.js';

/** A JSON Schema, as it is in the document of the API. */
export type Schema = Readonly<{
  $ref?: string;
  type?: string | readonly string[];
  const?: unknown;
  enum?: readonly unknown[];
  anyOf?: readonly Schema[];
  oneOf?: readonly Schema[];
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  additionalProperties?: boolean | Schema;
}>;

export type Choosing = Readonly<{
  /** One in how many values is anything but what the schema says; none when it is 0. */
  astray: number;
  /** What fields of some names are made of, where the schema cannot tell. */
  named: Readonly<Record<string, fc.Arbitrary<unknown>>>;
  resolve(reference: string): Schema;
}>;

/** Values that fit a schema, most of them. */
export const fromSchema = (schema: Schema, choosing: Choosing): fc.Arbitrary<unknown> => {
  const fitting = fittingTo(schema, choosing);
  return choosing.astray === 0
    ? fitting
    : fc.oneof({ weight: choosing.astray, arbitrary: fitting }, { weight: 1, arbitrary: hostile });
};

const fittingTo = (schema: Schema, choosing: Choosing): fc.Arbitrary<unknown> => {
  if (schema.$ref !== undefined) return fromSchema(choosing.resolve(schema.$ref), choosing);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives) return fc.oneof(...alternatives.map((each) => fromSchema(each, choosing)));
  const types = schema.type === undefined ? ['any'] : [schema.type].flat();
  return fc.oneof(...types.map((type) => ofType(type, schema, choosing)));
};

const ofType = (type: string, schema: Schema, choosing: Choosing): fc.Arbitrary<unknown> => {
  const { minimum = -(2 ** 31), maximum = 2 ** 31, minItems = 0, maxItems = 4 } = schema;
  switch (type) {
    case 'string':
      return textFor(schema);
    case 'integer':
      return smallOr(minimum, fc.integer({ min: minimum, max: Math.min(maximum, 2 ** 31) }));
    case 'number':
      return smallOr(minimum, fc.double({ min: minimum, max: maximum, noNaN: true }));
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(fromSchema(schema.items ?? {}, choosing), {
        minLength: minItems,
        maxLength: Math.max(minItems, Math.min(maxItems, 4)),
      });
    case 'object':
      return objectFor(schema, choosing);
    default:
      return fc.jsonValue({ maxDepth: 3 });
  }
};

/** Numbers that are likely to be those of something, or any. */
const smallOr = (minimum: number, any: fc.Arbitrary<number>): fc.Arbitrary<number> =>
  fc.oneof(
    fc.nat(3).map((more) => Math.max(minimum, 0) + more),
    any,
  );

const textFor = ({ format, pattern, minLength = 0, maxLength = 40 }: Schema) => {
  if (format === 'uuid') return fc.uuid({ version: 7 });
  if (format === 'date-time')
    return fc
      .date({ noInvalidDate: true, min: new Date('2020-01-01'), max: new Date('2040-01-01') })
      .map((date) => date.toISOString());
  if (pattern !== undefined)
    return (
      fc
        // Nothing can be made to match what looks ahead: what is then refused is near enough.
        .stringMatching(new RegExp(pattern.replace(/\(\?[=!][^)]*\)/g, ''), 'u'))
        .map((text) => text.slice(0, Math.max(maxLength, minLength)))
    );
  return fc.string({ minLength, maxLength: Math.max(minLength, Math.min(maxLength, 40)) });
};

const objectFor = (
  { properties = {}, required = [], additionalProperties }: Schema,
  choosing: Choosing,
): fc.Arbitrary<unknown> => {
  const fields = Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [
      name,
      choosing.named[name] ?? fromSchema(schema, choosing),
    ]),
  );
  const known = fc.record(fields, { requiredKeys: [...required] });
  if (additionalProperties === true)
    return fc
      .tuple(known, fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }))
      .map(([own, more]) => ({ ...more, ...own }));
  if (choosing.astray === 0) return known;
  const odd = fc.record({ [choosing.astray > 20 ? 'surplus' : '']: hostile });
  return fc.oneof(
    { weight: choosing.astray, arbitrary: known },
    { weight: 1, arbitrary: fc.tuple(known, odd).map(([own, more]) => ({ ...own, ...more })) },
    { weight: 1, arbitrary: fc.record(fields, { requiredKeys: [] }) },
  );
};

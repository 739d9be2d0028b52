import { BSONRegExp, Long } from 'bson';
import { CommandError, unsupported } from './errors.js';
import { compareValues, encodeKey, equalValues, typeTag } from './key-encoding.js';
import { isDocument, type ValueTest } from './paths.js';

/** A condition on the values of one field. */
export type Operator = Readonly<{
  test: ValueTest;
  /** True of the field when no value passes the test, as `$ne` is. */
  isNegated?: boolean;
  /** Looks at arrays as they are, not at their elements. */
  isWhole?: boolean;
}>;

/** The test of equality as MongoDB has it: null equals missing. */
export const equals = (operand: unknown): ValueTest => {
  if (operand === null || operand === undefined)
    return (value) => value === null || value === undefined;
  if (operand instanceof BSONRegExp) {
    const matches = matchesPattern(operand.pattern, operand.options);
    return (value) =>
      matches(value) || (value instanceof BSONRegExp && equalValues(value, operand));
  }
  if (typeof operand === 'string' || typeof operand === 'boolean')
    return (value) => value === operand;
  return (value) => value !== undefined && equalValues(value, operand);
};

const isAnyOf = (operands: unknown): ValueTest => {
  if (!Array.isArray(operands)) throw new CommandError('BadValue', '$in needs an array');
  const simple = new Set<unknown>();
  const others: ValueTest[] = [];
  for (const each of operands) {
    if (isDocument(each) && Object.keys(each)[0]?.startsWith('$'))
      throw new CommandError('BadValue', 'cannot nest $ under $in');
    if (['string', 'boolean', 'number'].includes(typeof each)) simple.add(each);
    else others.push(equals(each));
  }
  return (value) =>
    simple.has(value) ||
    others.some((test) => test(value)) ||
    (value instanceof Long &&
      simple.has(value.toNumber()) &&
      operands.some((o) => equalValues(o, value)));
};

const accepts = {
  $gt: (order: number) => order > 0,
  $gte: (order: number) => order >= 0,
  $lt: (order: number) => order < 0,
  $lte: (order: number) => order <= 0,
} as const;

/** The operators that bound a value from one side. */
export type RangeOperator = keyof typeof accepts;

/** Whether this is `$gt`, `$gte`, `$lt` or `$lte`. */
export const isRangeOperator = (name: string): name is RangeOperator =>
  Object.hasOwn(accepts, name);

const inRange = (name: RangeOperator, operand: unknown): ValueTest => {
  const accept = accepts[name];
  if (Number.isNaN(operand)) return (value) => accept(0) && Number.isNaN(value);
  if (operand instanceof BSONRegExp)
    throw new CommandError('BadValue', "Can't have RegEx as arg to predicate over field");
  const tag = typeTag(operand);
  const key = encodeKey(operand);
  return (value) => {
    if (typeof value === 'number' && typeof operand === 'number')
      return !Number.isNaN(value) && accept(compareValues(value, operand));
    // No value of another type is smaller or greater: a comparison stays within the operand's type.
    if (Number.isNaN(value) || typeTag(value) !== tag) return false;
    return accept(Buffer.compare(encodeKey(value), key));
  };
};

const matchesPattern = (pattern: string, options: string): ValueTest => {
  if (/[^imsu]/.test(options)) throw unsupported(`the regular expression option '${options}'`);
  let expression: RegExp;
  try {
    expression = new RegExp(pattern, options.includes('u') ? options : `${options}u`);
  } catch {
    try {
      // Perl-style escapes that mean nothing are an error under the flag u only.
      expression = new RegExp(pattern, options.replace('u', ''));
    } catch (error) {
      throw new CommandError('BadValue', `Regular expression is invalid: ${String(error)}`);
    }
  }
  return (value) => typeof value === 'string' && expression.test(value);
};

// int, long and double are one type once decoded, so a filter that tells them apart is refused.
const typeTests: Readonly<Record<string, ValueTest>> = {
  number: (value) => typeof value === 'number' || value instanceof Long,
  string: (value) => typeof value === 'string',
  object: isDocument,
  array: Array.isArray,
  bool: (value) => typeof value === 'boolean',
  date: (value) => value instanceof Date,
  null: (value) => value === null,
  objectId: (value) => (value as { _bsontype?: string } | null)?._bsontype === 'ObjectId',
  binData: (value) => (value as { _bsontype?: string } | null)?._bsontype === 'Binary',
};
const typeNumbers: Readonly<Record<number, string>> = {
  2: 'string',
  3: 'object',
  4: 'array',
  5: 'binData',
  7: 'objectId',
  8: 'bool',
  9: 'date',
  10: 'null',
};

const isOfType = (operand: unknown): ValueTest => {
  const tests = [operand].flat().map((each) => {
    const name = typeof each === 'number' ? typeNumbers[each] : each;
    const test = typeof name === 'string' ? typeTests[name] : undefined;
    if (!test) throw unsupported(`$type ${JSON.stringify(each)}`);
    return test;
  });
  return (value) => value !== undefined && tests.some((test) => test(value));
};

const hasRemainder = (operand: unknown): ValueTest => {
  const [divisor, remainder] = Array.isArray(operand) ? operand.map(Number) : [];
  if (!divisor || remainder === undefined || !Array.isArray(operand) || operand.length !== 2)
    throw new CommandError('BadValue', 'malformed mod');
  return (value) =>
    typeof value === 'number' && Math.trunc(value) % Math.trunc(divisor) === Math.trunc(remainder);
};

const hasSize = (operand: unknown): ValueTest => {
  if (!Number.isInteger(operand) || Number(operand) < 0)
    throw new CommandError('BadValue', '$size must be a whole number');
  return (value) => Array.isArray(value) && value.length === operand;
};

/**
 * The test of one operator, except those that hold other conditions (`$not`, `$elemMatch`, `$all`).
 *
 * @param siblings the other operators on the field; `$regex` finds its `$options` there
 * @throws CommandError for an unknown operator or an operand that makes no sense
 */
export const compileOperator = (
  name: string,
  operand: unknown,
  siblings: Readonly<Record<string, unknown>>,
): Operator => {
  if (isRangeOperator(name)) return { test: inRange(name, operand) };
  switch (name) {
    case '$eq':
      return { test: equals(operand) };
    case '$ne':
      return { test: equals(operand), isNegated: true };
    case '$in':
      return { test: isAnyOf(operand) };
    case '$nin':
      return { test: isAnyOf(operand), isNegated: true };
    case '$exists':
      return { test: (value) => value !== undefined, isNegated: !operand, isWhole: true };
    case '$type':
      return { test: isOfType(operand) };
    case '$mod':
      return { test: hasRemainder(operand) };
    case '$size':
      return { test: hasSize(operand), isWhole: true };
    case '$regex': {
      const pattern = operand instanceof BSONRegExp ? operand.pattern : operand;
      if (typeof pattern !== 'string')
        throw new CommandError('BadValue', '$regex has to be a string');
      const own = operand instanceof BSONRegExp ? operand.options : '';
      return { test: matchesPattern(pattern, String(siblings.$options ?? own)) };
    }
    default:
      throw new CommandError('BadValue', `unknown operator: ${name}`);
  }
};

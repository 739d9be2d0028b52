import { BSONRegExp, type Document } from 'bson';
import { CommandError, unsupported } from './errors.js';
import { type Interval, pointOf, rangeOf, union } from './intervals.js';
import { compileOperator, equals, isRangeOperator } from './operators.js';
import { anyAt, isDocument, type ValueTest } from './paths.js';

/** What a condition says about one field, for choosing an index. It may let through more than the filter does. */
export type Bound = Readonly<{ path: string; intervals: readonly Interval[] }>;

/** A filter, ready to be asked. */
export type Filter = Readonly<{
  test: (document: Document) => boolean;
  /** All of them hold for every document that passes. */
  bounds: readonly Bound[];
  /** Every `$or`: for each of them, one of its filters holds. */
  alternatives: readonly (readonly Filter[])[];
  /** The operand of `$text`, which is answered by its index and not by `test`. */
  text?: Document;
}>;

const hasOperators = (value: unknown): value is Document =>
  isDocument(value) && (Object.keys(value)[0]?.startsWith('$') ?? false);

const isBounding = (value: unknown) => !Array.isArray(value) && !(value instanceof BSONRegExp);

const intervalsOf = (name: string, operand: unknown): readonly Interval[] | undefined => {
  if (name === '$eq' && isBounding(operand)) return [pointOf(operand)];
  if (name === '$exists' && !operand) return [pointOf(null)];
  if (isRangeOperator(name) && isBounding(operand)) return [rangeOf(name, operand)];
  if (name === '$in' && Array.isArray(operand) && operand.every(isBounding))
    return union(operand.map(pointOf));
  return undefined;
};

type FieldTest = (document: unknown, parts: readonly string[]) => boolean;

const listOf = (operand: unknown, name: string): unknown[] => {
  if (!Array.isArray(operand)) throw new CommandError('BadValue', `${name} needs an array`);
  return operand;
};

const anyValue =
  (test: ValueTest, whole = false): FieldTest =>
  (document, parts) =>
    anyAt(document, parts, test, whole);

const compileElemMatch = (operand: unknown): ValueTest => {
  if (!isDocument(operand)) throw new CommandError('BadValue', '$elemMatch needs an Object');
  const isLogical = ['$and', '$or', '$nor'].includes(Object.keys(operand)[0] ?? '');
  if (hasOperators(operand) && !isLogical) {
    const tests = fieldTests(operand);
    return (value) => Array.isArray(value) && value.some((item) => tests.every((t) => t(item, [])));
  }
  const [{ test } = everything] = withoutText('$elemMatch', [compileFilter(operand)]);
  return (value) => Array.isArray(value) && value.some((item) => isDocument(item) && test(item));
};

const compileAll = (operand: unknown): FieldTest => {
  const tests = listOf(operand, '$all').map((each) =>
    isDocument(each) && Object.hasOwn(each, '$elemMatch')
      ? anyValue(compileElemMatch(each.$elemMatch), true)
      : anyValue(equals(each)),
  );
  return (document, parts) => tests.length > 0 && tests.every((test) => test(document, parts));
};

const fieldTest = (name: string, operand: unknown, siblings: Document): FieldTest => {
  switch (name) {
    case '$not': {
      const tests =
        operand instanceof BSONRegExp
          ? [anyValue(equals(operand))]
          : fieldTests(operand as Document);
      return (document, parts) => !tests.every((test) => test(document, parts));
    }
    case '$elemMatch':
      return anyValue(compileElemMatch(operand), true);
    case '$all':
      return compileAll(operand);
    default: {
      const { test, isNegated, isWhole } = compileOperator(name, operand, siblings);
      const found = anyValue(test, isWhole);
      return isNegated ? (document, parts) => !found(document, parts) : found;
    }
  }
};

const fieldTests = (operators: Document): FieldTest[] => {
  if (!hasOperators(operators)) throw new CommandError('BadValue', 'an operator is needed here');
  return Object.entries(operators)
    .filter(([name]) => name !== '$options')
    .map(([name, operand]) => fieldTest(name, operand, operators));
};

const compileField = (path: string, condition: unknown): Filter => {
  const parts = path.split('.');
  const operators = hasOperators(condition) ? condition : { $eq: condition };
  const tests = fieldTests(operators);
  const bounds = Object.entries(operators).flatMap(([name, operand]) => {
    // A document that has all of several values has the first of them.
    const first = name === '$all' && Array.isArray(operand) ? operand[0] : undefined;
    const intervals =
      first !== undefined && !hasOperators(first)
        ? intervalsOf('$eq', first)
        : intervalsOf(name, operand);
    return intervals ? [{ path, intervals }] : [];
  });
  const [only, ...others] = tests;
  if (!only) return everything;
  return {
    test:
      others.length === 0
        ? (document) => only(document, parts)
        : (document) => tests.every((test) => test(document, parts)),
    bounds,
    alternatives: [],
  };
};

/** The filter that every document passes. */
export const everything: Filter = { test: () => true, bounds: [], alternatives: [] };

/** Both filters hold. */
const allOf = (filters: readonly Filter[]): Filter => {
  const [first, second] = filters;
  if (!first) return everything;
  if (!second) return first;
  const texts = filters.flatMap(({ text }) => (text ? [text] : []));
  if (texts.length > 1) throw new CommandError('BadValue', 'Too many text expressions');
  return {
    test: (document) => filters.every(({ test }) => test(document)),
    bounds: filters.flatMap(({ bounds }) => bounds),
    alternatives: filters.flatMap(({ alternatives }) => alternatives),
    ...(texts[0] && { text: texts[0] }),
  };
};

const branches = (name: string, operand: unknown): Filter[] => {
  const list = listOf(operand, name);
  if (list.length === 0) throw new CommandError('BadValue', `${name} must be a nonempty array`);
  return list.map((each) => {
    if (!isDocument(each))
      throw new CommandError('BadValue', `${name} entries need to be full objects`);
    return compileFilter(each);
  });
};

const withoutText = (name: string, filters: Filter[]): Filter[] => {
  if (filters.some(({ text }) => text)) throw unsupported(`$text inside ${name}`);
  return filters;
};

/**
 * Compiles a filter document.
 *
 * @throws CommandError for operators that are unknown, or known and not answered rightly here
 */
export const compileFilter = (filter: Document): Filter =>
  allOf(
    Object.entries(filter).map(([name, operand]): Filter => {
      switch (name) {
        case '$and':
          return allOf(branches(name, operand));
        case '$or': {
          const filters = withoutText(name, branches(name, operand));
          const [only] = filters;
          if (only && filters.length === 1) return only;
          return {
            test: (document) => filters.some(({ test }) => test(document)),
            bounds: [],
            alternatives: [filters],
          };
        }
        case '$nor': {
          const filters = withoutText(name, branches(name, operand));
          return {
            ...everything,
            test: (document) => !filters.some(({ test }) => test(document)),
          };
        }
        case '$text':
          if (!isDocument(operand)) throw new CommandError('BadValue', '$text expects an object');
          return { ...everything, text: operand };
        case '$comment':
          return everything;
        default:
          if (!name.startsWith('$')) return compileField(name, operand);
          throw ['$expr', '$where', '$jsonSchema'].includes(name)
            ? unsupported(`the filter ${name}`)
            : new CommandError('BadValue', `unknown top level operator: ${name}`);
      }
    }),
  );

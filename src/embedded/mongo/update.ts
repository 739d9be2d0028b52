import { type Document, Double, Int32, Long } from 'bson';
import { CommandError, unsupported } from './errors.js';
import { compileFilter } from './filter.js';
import { compareValues, equalValues } from './key-encoding.js';
import { fieldOf, isArrayIndex, isDocument } from './paths.js';
import { plain } from './raw.js';

// Updates work on documents decoded with their types, so that fields they do not touch keep them.

/** Changes a typed document in place. */
export type Update = (document: Document, isInsert: boolean) => void;

/** Changes the value at a path; undefined removes the field. */
type Change = (old: unknown, operand: unknown, path: string) => unknown;

type Container = Record<string, unknown> | unknown[];

const typeName = (value: unknown) => (Array.isArray(value) ? 'array' : typeof plain(value));

const childOf = (container: Container, part: string): unknown =>
  Array.isArray(container) ? container[Number(part)] : fieldOf(container, part);

const setChild = (container: Container, part: string, value: unknown, path: string) => {
  if (!Array.isArray(container)) {
    container[part] = value;
    return;
  }
  if (!isArrayIndex(part))
    throw new CommandError('PathNotViable', `Cannot create field '${part}' in an array (${path})`);
  const place = Number(part);
  if (place > container.length + 1_500_000)
    throw new CommandError('BadValue', `can't backfill more than 1500000 elements (${path})`);
  while (container.length < place) container.push(null);
  container[place] = value;
};

const removeChild = (container: Container, part: string) => {
  if (!Array.isArray(container)) delete container[part];
  else if (isArrayIndex(part) && Number(part) < container.length) container[Number(part)] = null;
};

const changeAt = (document: Document, path: string, change: (old: unknown) => unknown) => {
  const parts = path.split('.');
  if (parts.some((part) => part === '' || part === '__proto__'))
    throw new CommandError(
      'BadValue',
      `The update path '${path}' contains an empty or forbidden field name`,
    );
  if (parts.some((part) => part.startsWith('$')))
    throw unsupported(`the positional path '${path}'`);
  const last = parts.pop() ?? '';
  let container: Container = document;
  const missing: string[] = [];
  for (const part of parts) {
    const child: unknown = missing.length > 0 ? undefined : childOf(container, part);
    if (child === undefined) missing.push(part);
    else if (isDocument(child) || Array.isArray(child)) container = child as Container;
    else
      throw new CommandError(
        'PathNotViable',
        `Cannot create field '${last}' in element {${part}: ${JSON.stringify(plain(child))}}`,
      );
  }
  const old = missing.length > 0 ? undefined : childOf(container, last);
  const next = change(old);
  if (next === old) return;
  if (next === undefined) {
    removeChild(container, last);
    return;
  }
  for (const part of missing) {
    const created: Container = {};
    setChild(container, part, created, path);
    container = created;
  }
  setChild(container, last, next, path);
};

const isNumber = (value: unknown): value is Int32 | Double | Long =>
  value instanceof Int32 || value instanceof Double || Long.isLong(value);

const increased: Change = (old, by, path) => {
  if (!isNumber(by))
    throw new CommandError('TypeMismatch', 'Cannot increment with non-numeric argument');
  if (old === undefined) return by;
  if (!isNumber(old))
    throw new CommandError(
      'TypeMismatch',
      `Cannot apply $inc to a value of non-numeric type: the field '${path}' is of type ${typeName(old)}`,
    );
  if (old instanceof Double || by instanceof Double) return new Double(Number(old) + Number(by));
  const sum = BigInt(String(old)) + BigInt(String(by));
  if (old instanceof Int32 && by instanceof Int32 && BigInt.asIntN(32, sum) === sum)
    return new Int32(Number(sum));
  if (BigInt.asIntN(64, sum) !== sum)
    throw new CommandError(
      'BadValue',
      `Failed to apply $inc: '${path}' would leave the 64-bit integers`,
    );
  return Long.fromBigInt(sum);
};

const arrayAt = (old: unknown, path: string, operator: string): unknown[] => {
  if (old === undefined) return [];
  if (Array.isArray(old)) return [...old];
  throw new CommandError(
    'BadValue',
    `The field '${path}' must be an array for ${operator} but is of type ${typeName(old)}`,
  );
};

const each = (operand: unknown, operator: string): unknown[] => {
  if (!isDocument(operand) || !Object.hasOwn(operand, '$each')) return [operand];
  const other = Object.keys(operand).find((name) => name !== '$each');
  if (other) throw unsupported(`${operator} with ${other}`);
  if (!Array.isArray(operand.$each))
    throw new CommandError('BadValue', 'The argument to $each must be an array');
  return operand.$each;
};

const isPulled = (condition: unknown): ((item: unknown) => boolean) => {
  if (!isDocument(condition)) return (item) => equalValues(item, condition);
  const asked = plain(condition) as Document;
  if (Object.keys(asked)[0]?.startsWith('$')) {
    const { test } = compileFilter({ item: asked });
    return (item) => test({ item: plain(item) });
  }
  const { test } = compileFilter(asked);
  return (item) => isDocument(item) && test(plain(item) as Document);
};

const changes: Readonly<Record<string, Change>> = {
  $set: (_, value) => value,
  $setOnInsert: (_, value) => value,
  $unset: () => undefined,
  $inc: increased,
  $min: (old, value) => (old === undefined || compareValues(value, old) < 0 ? value : old),
  $max: (old, value) => (old === undefined || compareValues(value, old) > 0 ? value : old),
  $push: (old, operand, path) => [...arrayAt(old, path, '$push'), ...each(operand, '$push')],
  $addToSet: (old, operand, path) => {
    const set = arrayAt(old, path, '$addToSet');
    const before = set.length;
    for (const value of each(operand, '$addToSet'))
      if (!set.some((known) => equalValues(known, value))) set.push(value);
    return set.length === before && old !== undefined ? old : set;
  },
  $pull: (old, condition, path) => {
    if (old === undefined) return old;
    const pulled = isPulled(condition);
    return arrayAt(old, path, '$pull').filter((item) => !pulled(item));
  },
};

const refuseConflicts = (paths: readonly string[]) => {
  const sorted = paths.toSorted();
  for (const [i, path] of sorted.entries()) {
    const clash = sorted
      .slice(i + 1)
      .find((other) => other === path || other.startsWith(`${path}.`));
    if (clash)
      throw new CommandError(
        'ConflictingUpdateOperators',
        `Updating the path '${clash}' would create a conflict at '${path}'`,
      );
  }
};

/**
 * Compiles an update of operators.
 *
 * @param update decoded with its types
 * @throws CommandError for operators not done here, paths in conflict, and operands that make no sense
 */
export const compileUpdate = (update: Document): Update => {
  const steps = Object.entries(update).flatMap(([operator, fields]) => {
    const change = changes[operator];
    if (!operator.startsWith('$'))
      throw new CommandError(
        'FailedToParse',
        `the update operator ${operator} does not begin with $`,
      );
    if (!change) throw unsupported(`the update operator ${operator}`);
    if (!isDocument(fields))
      throw new CommandError(
        'FailedToParse',
        `Modifiers operate on fields but we found a ${typeName(fields)} for ${operator}`,
      );
    return Object.entries(fields).map(([path, operand]) => ({ operator, change, path, operand }));
  });
  refuseConflicts(steps.map(({ path }) => path));
  return (document, isInsert) => {
    for (const { operator, change, path, operand } of steps)
      if (isInsert || operator !== '$setOnInsert')
        changeAt(document, path, (old) => change(old, operand, path));
  };
};

/** Fills a new document with what a filter says is equal, as an upsert begins. */
export const seedFrom = (filter: Document, seed: Document = {}): Document => {
  for (const [path, condition] of Object.entries(filter)) {
    if (path === '$and' && Array.isArray(condition))
      for (const part of condition) seedFrom(part, seed);
    if (path.startsWith('$')) continue;
    const isOperator = isDocument(condition) && Object.keys(condition)[0]?.startsWith('$');
    const value = isOperator ? fieldOf(condition, '$eq') : condition;
    const isPattern = (value as { _bsontype?: string } | null)?._bsontype === 'BSONRegExp';
    if (value !== undefined && !isPattern) changeAt(seed, path, () => value);
  }
  return seed;
};

import type { Document } from 'bson';
import type { Collection, Index } from './catalogue.js';
import { CommandError, unsupported } from './errors.js';
import { compileFilter } from './filter.js';
import { isDocument } from './paths.js';
import { type Sort, textScore } from './planner.js';
import type { Query } from './scan.js';

/**
 * Reads a sort: paths and directions, in their order.
 *
 * @throws CommandError for directions that are neither 1 nor -1
 */
export const parseSort = (sort: Document | undefined): Sort =>
  Object.entries(sort ?? {}).map(([path, direction]) => {
    if (isDocument(direction) && direction.$meta === 'textScore') return [textScore, -1] as const;
    if (direction !== 1 && direction !== -1)
      throw new CommandError('BadValue', `the sort order of '${path}' must be 1 or -1`);
    return [path, direction] as const;
  });

const sameKey = (a: Document, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** The indexes a hint leaves to choose from. @throws CommandError when there is none of that name or key */
export const parseHint = (
  hint: unknown,
  collection: Collection | undefined,
): readonly Index[] | undefined => {
  if (hint === undefined || (isDocument(hint) && Object.keys(hint).length === 0)) return undefined;
  if (isDocument(hint) && Object.hasOwn(hint, '$natural')) return collection?.indexes.slice(0, 1);
  if (!collection) return undefined;
  const found = collection.indexes.filter(
    ({ name, spec }) => name === hint || sameKey(spec.key, hint),
  );
  if (found.length === 0)
    throw new CommandError('BadValue', 'hint provided does not correspond to an existing index');
  return found;
};

const countOf = (value: unknown, name: string): number => {
  const count = Number(value ?? 0);
  if (!Number.isInteger(count) || count < 0)
    throw new CommandError('BadValue', `${name} must be a whole number that is not negative`);
  return count;
};

const refused = ['collation', 'min', 'max', 'returnKey', 'showRecordId', 'tailable', 'let'];

const isAsked = (value: unknown) =>
  value !== undefined && value !== false && !(isDocument(value) && Object.keys(value).length === 0);

/**
 * Refuses a command that has any of some options.
 *
 * @throws CommandError for options that would change the answer and are not done here
 */
export const refuseOptions = (args: Document, names: readonly string[] = refused): void => {
  const name = names.find((each) => isAsked(args[each]));
  if (name) throw unsupported(`the option '${name}'`);
};

/** Reads the fields that find, count, distinct and others share. */
export const parseQuery = (
  args: Document,
  collection: Collection | undefined,
  filterName = 'filter',
): Query => {
  refuseOptions(args);
  const indexes = parseHint(args.hint, collection);
  return {
    filter: compileFilter((args[filterName] as Document | undefined) ?? {}),
    sort: parseSort(args.sort),
    skip: countOf(args.skip, 'skip'),
    limit: Math.abs(Number(args.limit ?? 0)),
    ...(indexes && { indexes }),
  };
};

import type { Document } from 'bson';
import { CommandError, unsupported } from './errors.js';
import { isDocument } from './paths.js';
import { decodeTyped, encode } from './raw.js';
import type { Found } from './scan.js';

/** Gives a found document the fields that were asked for, as bytes. */
export type Projection = (found: Pick<Found, 'raw' | 'score'>) => Buffer;

type Tree = Map<string, Tree | true>;

const addPath = (tree: Tree, path: string) => {
  const parts = path.split('.');
  const last = parts.pop() ?? '';
  let at = tree;
  for (const part of parts) {
    const next = at.get(part);
    if (next === true) throw new CommandError('BadValue', `Path collision at ${path}`);
    const child: Tree = next ?? new Map();
    at.set(part, child);
    at = child;
  }
  if (at.has(last)) throw new CommandError('BadValue', `Path collision at ${path}`);
  at.set(last, true);
};

const includeIn = (value: unknown, tree: Tree): unknown => {
  if (Array.isArray(value))
    return value
      .filter((item) => isDocument(item) || Array.isArray(item))
      .map((item) => includeIn(item, tree));
  if (!isDocument(value)) return undefined;
  const entries = Object.entries(value).flatMap(([name, item]): [string, unknown][] => {
    const wanted = tree.get(name);
    if (!wanted) return [];
    const kept = wanted === true ? item : includeIn(item, wanted);
    return kept === undefined ? [] : [[name, kept]];
  });
  return Object.fromEntries(entries);
};

const excludeFrom = (value: unknown, tree: Tree): unknown => {
  if (Array.isArray(value)) return value.map((item) => excludeFrom(item, tree));
  if (!isDocument(value)) return value;
  const entries = Object.entries(value).flatMap(([name, item]): [string, unknown][] => {
    const unwanted = tree.get(name);
    if (unwanted === true) return [];
    return [[name, unwanted ? excludeFrom(item, unwanted) : item]];
  });
  return Object.fromEntries(entries);
};

const isSwitch = (value: unknown): value is boolean | number =>
  typeof value === 'boolean' || typeof value === 'number';

/**
 * Compiles a projection of fields taken in or left out, and `$meta: "textScore"`.
 *
 * @throws CommandError for a mixture of both and for anything computed
 */
export const compileProjection = (spec: Document | undefined): Projection => {
  const entries = Object.entries(spec ?? {});
  const scores = entries.filter(([, value]) => isDocument(value) && value.$meta === 'textScore');
  const others = entries.filter((entry) => !scores.includes(entry));
  for (const [path, value] of others)
    if (!isSwitch(value) || path.includes('$')) throw unsupported(`the projection of '${path}'`);
  const fields = others.filter(([path]) => path !== '_id');
  const isInclusion = fields.length > 0 ? Boolean(fields[0]?.[1]) : Boolean(spec?._id);
  if (fields.some(([, value]) => Boolean(value) !== isInclusion))
    throw new CommandError('BadValue', 'Cannot do exclusion and inclusion in one projection');
  const hasId = spec?._id === undefined || Boolean(spec._id);
  const tree: Tree = new Map();
  for (const [path] of fields) addPath(tree, path);
  if (hasId === isInclusion) tree.set('_id', true);
  if (others.length === 0 && scores.length === 0) return ({ raw }) => raw;
  const pick =
    others.length === 0 ? (document: Document) => document : isInclusion ? includeIn : excludeFrom;
  return ({ raw, score }) => {
    const document = pick(decodeTyped(raw), tree) as Document;
    if (score !== undefined) for (const [path] of scores) document[path] = score;
    return encode(document);
  };
};

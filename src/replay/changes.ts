import type { Decider, Fact } from '../domain/decider.js';
import { type Delta, deltaBetween } from '../domain/delta.js';
import type { JsonObject, JsonValue } from '../domain/json.js';
import { entriesOf, headOf } from '../eventstore/partial.js';
import { stateView } from './state-view.js';

type AnyDecider<State, Event extends Fact> = Pick<
  Decider<never, State, Event, unknown>,
  'snapshots' | 'initial'
>;

/** Differences of this size, in characters of JSON, end a page before its limit does. */
export const fullPage = 4 * 1024 * 1024;

/**
 * What turns a state, as users see it, into another (RFC 6902), as far as their heads go: the maps
 * of messages and of checkpoints count as empty. A stream without events has the state `{}`.
 */
export const headChanges = <State extends object, Event extends Fact>(
  decider: AnyDecider<State, Event>,
  before: State,
  after: State,
): Delta => changesBetween(shownHead(decider, before), shownHead(decider, after));

/** What turns some entries of a state into those of another: both states must know them. */
export const entryChanges = <State extends object, Event extends Fact>(
  decider: AnyDecider<State, Event>,
  before: State,
  after: State,
  keys: readonly string[],
): Delta =>
  changesBetween(shownEntries(decider, before, keys), shownEntries(decider, after, keys)).map(
    (operation) => ({
      ...operation,
      path: `/${decider.snapshots?.entries?.field ?? ''}${operation.path}`,
    }),
  );

/** How much some entries of a state take up, in characters of JSON. */
export const sizeOfEntries = <State extends object, Event extends Fact>(
  decider: AnyDecider<State, Event>,
  state: State,
  keys: readonly string[],
): number => JSON.stringify(shownEntries(decider, state, keys)).length;

const shownHead = <State extends object, Event extends Fact>(
  decider: AnyDecider<State, Event>,
  state: State,
): JsonObject => {
  if (state === decider.initial) return {};
  const head = headOf(decider, state) as JsonObject;
  const field = decider.snapshots?.entries?.field;
  const shown = field !== undefined && Object.hasOwn(head, field) ? { ...head, [field]: {} } : head;
  return stateView(shown) as JsonObject;
};

const shownEntries = <State extends object, Event extends Fact>(
  decider: AnyDecider<State, Event>,
  state: State,
  keys: readonly string[],
): JsonObject => {
  const entries = entriesOf(decider, state);
  return Object.fromEntries(
    keys.filter((key) => entries.has(key)).map((key) => [key, entries.get(key) as JsonValue]),
  );
};

/** Differences of a member up to this size, in characters of JSON, are always given in detail. */
const fineDetail = 16 * 1024;

/**
 * The difference of two objects. Where that of one member takes up much, and more than the member
 * itself (a long list that moved by a place), the member is replaced instead: so no difference is
 * larger than what it leads to.
 */
const changesBetween = (before: JsonObject, after: JsonObject): Delta =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key): Delta => {
    const detailed = deltaBetween(memberOf(before, key), memberOf(after, key));
    const value = after[key];
    if (value === undefined || detailed.length <= 1) return detailed;
    const size = JSON.stringify(detailed).length;
    return size > fineDetail && size > JSON.stringify(value).length
      ? [{ op: 'replace', path: `/${escaped(key)}`, value }]
      : detailed;
  });

const memberOf = (object: JsonObject, key: string): JsonObject =>
  Object.hasOwn(object, key) ? { [key]: object[key] as JsonValue } : {};

/** A key as a part of a JSON pointer (RFC 6901). */
const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

import { InvalidArgumentError } from 'commander';
import type { JsonObject, JsonValue } from '../client/client.js';
import { CommandFailure } from './command-failure.js';
import { jsonOrText } from './json-or-text.js';
import { keysIn } from './json-pointer.js';

/** A place in a JSON document, and the value to put there. `text` is the value as it was typed. */
export type Assignment = Readonly<{ path: readonly string[]; value: JsonValue; text: string }>;

/**
 * Reads `path=value`. The path is dotted (`plan.steps.0.name`) or a JSON pointer (RFC 6901,
 * `/plan/steps/0/name`); the value is JSON, or else text.
 *
 * @param before the assignments of the same command line so far
 */
export const assignmentArgument = (
  argument: string,
  before: readonly Assignment[] = [],
): readonly Assignment[] => {
  const equals = argument.indexOf('=');
  const path = equals < 1 ? [] : pathIn(argument.slice(0, equals));
  if (path.length === 0 || path.includes(''))
    throw new InvalidArgumentError('Expected path=value, such as plan.model="small".');
  const text = argument.slice(equals + 1);
  return [...before, { path, value: jsonOrText(text), text }];
};

const pathIn = (text: string): readonly string[] =>
  text.startsWith('/') ? keysIn(text) : text.split('.');

/**
 * A document with a value put in its place; objects that are missing on the way are made, and `-` is
 * the place after the last of a list.
 *
 * @throws CommandFailure when the path leads through something that has no places in it
 */
export const assign = (document: JsonObject, { path, value }: Assignment): JsonObject =>
  // Assigning into an object gives an object.
  put(document, path, value, []) as JsonObject;

const put = (
  into: JsonValue | undefined,
  [key, ...rest]: readonly string[],
  value: JsonValue,
  above: readonly string[],
): JsonValue => {
  if (key === undefined) return value;
  const passed = [...above, key];
  if (Array.isArray(into)) {
    const index = key === '-' ? into.length : Number(key);
    if (!/^(?:-|\d+)$/.test(key) || index > into.length)
      throw new CommandFailure(`${passed.join('.')}: the list has ${into.length} items`);
    return [
      ...into.slice(0, index),
      put(into[index], rest, value, passed),
      ...into.slice(index + 1),
    ];
  }
  if (into !== undefined && (typeof into !== 'object' || into === null))
    throw new CommandFailure(`${above.join('.')} is neither an object nor a list`);
  const object = (into ?? {}) as JsonObject;
  const own = Object.hasOwn(object, key) ? object[key] : undefined;
  return { ...object, [key]: put(own, rest, value, passed) };
};

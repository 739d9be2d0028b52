import { isObject, type JsonObject, type JsonValue, jsonBytes } from '../domain/json.js';
import { compact, isList, isText } from './json.js';
import type { Notes } from './notes.js';

const KIB = 1024;

/** Limits in bytes of JSON in UTF-8, which is what a value takes up in an event of at most 1 MiB. */
export const limits = {
  /** Content and tool calls of one message together. */
  message: 900 * KIB,
  /** One message's metadata. */
  metadata: 64 * KIB,
  /** One checkpoint: state, outputs and processing. */
  checkpoint: 900 * KIB,
  /** What a step's outputs hold because no message does. */
  outputs: 64 * KIB,
  /** A run's output. */
  output: 512 * KIB,
  /** A larger thing known by name, such as a configuration. */
  named: 16 * KIB,
  /** One field that the reader does not know. */
  unknownField: 8 * KIB,
  /** All fields of one object that the reader does not know. */
  unknown: 16 * KIB,
} as const;

/** Characters of an action or an observation that a checkpoint repeats from the messages. */
export const EXCERPT = 2000;

/** The beginning of a text, in UTF-16 units, without half a character at its end. */
export const beginningOf = (text: string, length: number): string => {
  if (text.length <= length) return text;
  const last = text.charCodeAt(length - 1);
  const isHalf = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, isHalf ? length - 1 : length);
};

/** The longest beginning of a text that takes up at most so many bytes as JSON. */
export const textWithin = (text: string, bytes: number): string => {
  // No UTF-16 unit takes up more than the six bytes of an escape.
  if (text.length * 6 + 2 <= bytes || jsonBytes(text) <= bytes) return text;
  let fits = 0;
  let tooLong = text.length;
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1;
    if (jsonBytes(beginningOf(text, middle)) <= bytes) fits = middle;
    else tooLong = middle;
  }
  return beginningOf(text, fits);
};

const SHORTEST_TEXT = 16;

/** The value with its longest texts cut until it fits; undefined when that is not enough. */
export const valueWithin = (value: JsonValue, bytes: number): JsonValue | undefined => {
  if (jsonBytes(value) <= bytes) return value;
  const shortest = withTextsCut(value, SHORTEST_TEXT);
  if (jsonBytes(shortest) > bytes) return undefined;
  for (let longest = bytes; longest > SHORTEST_TEXT; longest = longest >> 1) {
    const shorter = withTextsCut(value, longest);
    if (jsonBytes(shorter) <= bytes) return shorter;
  }
  return shortest;
};

const withTextsCut = (value: JsonValue, length: number): JsonValue => {
  if (isText(value)) return beginningOf(value, length);
  if (isList(value)) return value.map((item) => withTextsCut(item, length));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, withTextsCut(item, length)]),
  );
};

/** The object, cut to fit; with a warning when something had to go. */
export const objectWithin = (
  value: JsonObject,
  bytes: number,
  what: string,
  place: string,
  notes: Notes,
): JsonObject => {
  if (jsonBytes(value) <= bytes) return value;
  const cut = valueWithin(value, bytes);
  notes.add(`${what} is cut: larger than ${bytes / KIB} KiB`, place);
  return isObject(cut) ? cut : { cut: textWithin(JSON.stringify(value), bytes - 16) };
};

/** A known field if it is small enough, else undefined and a warning. */
export const ifSmall = <T extends JsonValue>(
  value: T | undefined,
  bytes: number,
  what: string,
  place: string,
  notes: Notes,
): T | undefined => {
  if (value === undefined || jsonBytes(value) <= bytes) return value;
  notes.add(`${what} is left out: larger than ${bytes / KIB} KiB`, place);
  return undefined;
};

/** The fields no reader knows, as far as they are small; what is left out is named in a warning. */
export const unknownFields = (
  rest: JsonObject,
  place: string,
  notes: Notes,
): JsonObject | undefined => {
  let room: number = limits.unknown;
  const kept = Object.entries(rest).filter(([name, value]) => {
    const bytes = jsonBytes(value) + jsonBytes(name);
    if (bytes <= limits.unknownField && bytes <= room) {
      room -= bytes;
      return true;
    }
    const why = `larger than ${limits.unknownField / KIB} KiB`;
    notes.add(
      `field ${beginningOf(name, 60)} is left out: ${bytes > limits.unknownField ? why : 'too many fields'}`,
      place,
    );
    return false;
  });
  return kept.length === 0 ? undefined : compact(Object.fromEntries(kept));
};

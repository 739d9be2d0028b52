import type { JsonObject, JsonValue } from '../client/client.js';
import type { Paint } from './terminal.js';
import { count, shownJson } from './text.js';

const step = '  ';
/** What fits into so many columns goes on one line. */
const comfortable = 80;

/** JSON as people read it: indented where it is long, coloured, fit for a terminal. */
export const jsonView = (value: JsonValue, paint: Paint): string =>
  shownJson(laidOut(value, '')).replace(tokens, (token, key: string | undefined) => {
    if (key !== undefined) return `${paint('cyan', key)}:`;
    return paint(token.startsWith('"') ? 'green' : 'yellow', token);
  });

// A key with its colon, a string, or a number, true, false, null. Inside strings quotes are escaped.
const tokens =
  /("(?:[^"\\]|\\.)*"):|"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/g;

const laidOut = (value: JsonValue, indent: string, before = 0): string => {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const isList = Array.isArray(value);
  const [open, close] = isList ? ['[', ']'] : ['{', '}'];
  const parts = (deeper: string): readonly string[] =>
    isList
      ? value.map((each: JsonValue) => laidOut(each, deeper))
      : Object.entries(value as JsonObject).map(
          ([key, each]) => `${JSON.stringify(key)}: ${laidOut(each, deeper, key.length + 4)}`,
        );
  // Text without line ends is at least as long as its JSON without spaces: most are settled by that.
  if (JSON.stringify(value).length <= comfortable) {
    const inside = parts('').join(', ');
    const line = isList || inside === '' ? `${open}${inside}${close}` : `{ ${inside} }`;
    if (indent.length + before + line.length <= comfortable) return line;
  }
  const deeper = indent + step;
  return `${open}\n${parts(deeper)
    .map((part) => deeper + part)
    .join(',\n')}\n${indent}${close}`;
};

/** The value with its long texts cut, saying how much is left out. */
export const shortened = (value: JsonValue, most: number): JsonValue => {
  if (typeof value === 'string')
    return value.length > most
      ? `${value.slice(0, most)}… (${count(value.length - most, 'more character')})`
      : value;
  if (Array.isArray(value)) return value.map((each: JsonValue) => shortened(each, most));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([key, each]) => [key, shortened(each, most)]),
  );
};

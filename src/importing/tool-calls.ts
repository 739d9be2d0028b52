import { isObject, type JsonObject, type JsonValue } from '../domain/json.js';
import { isText } from './json.js';

/**
 * A tool call's arguments, parsed where they are JSON in a string, as chat APIs have it; undefined
 * when that is broken, null when there are none.
 */
export const argumentsOf = (call: JsonObject): JsonValue | undefined => {
  const given = isObject(call.function) ? call.function.arguments : undefined;
  if (!isText(given)) return given ?? null;
  try {
    return JSON.parse(given);
  } catch {
    return undefined;
  }
};

/** What a tool call calls. */
export const toolOf = (call: JsonObject): string =>
  isObject(call.function) && isText(call.function.name) ? call.function.name : 'unnamed';

/** A tool call in one text: `name(arguments)`. */
export const callText = (call: JsonObject): string => {
  const given = isObject(call.function) ? call.function.arguments : undefined;
  return `${toolOf(call)}(${isText(given) ? given : JSON.stringify(given ?? null)})`;
};

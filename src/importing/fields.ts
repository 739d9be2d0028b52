import { isObject, type JsonObject, type JsonValue } from '../domain/json.js';
import { isList, isText } from './json.js';

/**
 * The fields of a recorded object, each taken once. A field counts as taken only if it was of the
 * kind asked for, so what is left at the end is all that the reader has not understood.
 */
export type Fields = Readonly<{
  text: (name: string) => string | undefined;
  number: (name: string) => number | undefined;
  flag: (name: string) => boolean | undefined;
  object: (name: string) => JsonObject | undefined;
  list: (name: string) => readonly JsonValue[] | undefined;
  /** Any value; null counts as absent, so it is undefined. */
  any: (name: string) => JsonValue | undefined;
  /** True, and the field taken, if it is null. */
  isNull: (name: string) => boolean;
  /** What has not been taken, without fields that are null. */
  rest: () => JsonObject;
}>;

/** The fields of a recorded object, to be taken out one by one by readers that each know some of them. */
export const fieldsOf = (recorded: JsonObject): Fields => {
  const left = new Map(Object.entries(recorded));
  const take =
    <T extends JsonValue>(isWanted: (value: JsonValue | undefined) => value is T) =>
    (name: string): T | undefined => {
      const value = left.get(name);
      if (!isWanted(value)) return undefined;
      left.delete(name);
      return value;
    };
  return {
    text: take(isText),
    number: take((value) => typeof value === 'number'),
    flag: take((value) => typeof value === 'boolean'),
    object: take(isObject),
    list: take(isList),
    any: take((value): value is NonNullable<JsonValue> => value !== undefined && value !== null),
    isNull: (name) => left.get(name) === null && left.delete(name),
    rest: () => Object.fromEntries([...left].filter(([, value]) => value !== null)),
  };
};

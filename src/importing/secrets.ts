import { isObject, type JsonObject, type JsonValue } from '../domain/json.js';
import { isList, isText } from './json.js';
import type { Notes } from './notes.js';

const SECRET = /(api[-_]?key|secret|password|passwd|access[-_]?token|authorization|credentials?)$/i;

/**
 * A configuration without the keys it was run with: a log of events never forgets, so a secret must
 * not get in. Texts under names such as `api_key` are left out, with a warning that names them.
 */
export const withoutSecrets = (config: JsonObject, path: string, notes: Notes): JsonObject =>
  Object.fromEntries(
    Object.entries(config).map(([key, value]) => {
      const at = `${path}.${key}`;
      if (!SECRET.test(key) || !isText(value) || value === '')
        return [key, within(value, at, notes)];
      notes.add('a secret is left out', at.slice(0, 200));
      return [key, '(left out)'];
    }),
  );

const within = (value: JsonValue, path: string, notes: Notes): JsonValue => {
  if (isObject(value)) return withoutSecrets(value, path, notes);
  return isList(value)
    ? value.map((item, index) => within(item, `${path}[${index}]`, notes))
    : value;
};

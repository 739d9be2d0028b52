import jsonPatch from 'fast-json-patch';
import type { JsonObject, JsonValue } from './json.js';

/** The operations of RFC 6902 that a difference of two JSON documents needs. */
export type DeltaOperation =
  | Readonly<{ op: 'add' | 'replace'; path: string; value: JsonValue }>
  | Readonly<{ op: 'remove'; path: string }>;

export type Delta = readonly DeltaOperation[];

/** What turns `before` into `after` (RFC 6902). Arrays are compared place by place: linear in size. */
export const deltaBetween = (before: JsonObject, after: JsonObject): Delta =>
  // The library's type allows move, copy and test as well; compare never makes them.
  jsonPatch.compare(before, after) as unknown as Delta;

/** {@link deltaBetween} for any two JSON values, of which an absent one is null. The path of the value itself is empty. */
export const difference = (before: JsonValue = null, after: JsonValue = null): Delta =>
  deltaBetween({ it: before }, { it: after }).map((operation) => ({
    ...operation,
    path: operation.path.slice('/it'.length),
  }));

/** An object or a list that may be written to; a list's keys are its indexes. */
type Container = Record<string, JsonValue>;

/**
 * Applies a delta made by {@link deltaBetween}. What the delta does not touch is shared with
 * `before`, so a thousand states of one run take little more room than the last.
 */
export const applyDelta = (before: JsonObject, delta: Delta): JsonObject => {
  // A container is copied once for the whole delta, or a long list would be for each of its changes.
  const copies = new Set<object>();
  const copyOf = (shared: JsonValue | undefined): Container => {
    if (copies.has(shared as object)) return shared as Container;
    const copy = (Array.isArray(shared) ? [...shared] : { ...(shared as Container) }) as Container;
    copies.add(copy);
    return copy;
  };

  const after = copyOf(before);
  for (const operation of delta) {
    const path = operation.path.split('/').slice(1).map(jsonPatch.unescapePathComponent);
    const key = path.pop() ?? '';
    const container = path.reduce((parent, step) => {
      const child = copyOf(parent[step]);
      put(parent, step, child);
      return child;
    }, after);
    if (operation.op === 'remove') remove(container, key);
    else if (operation.op === 'add') add(container, key, operation.value);
    else put(container, key, operation.value);
  }
  return after;
};

const put = (container: Container, key: string, value: JsonValue): void => {
  // JSON may have a key of this name; assigning to it would set the prototype instead.
  if (key === '__proto__')
    Object.defineProperty(container, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  else container[key] = value;
};

const add = (container: Container, key: string, value: JsonValue): void => {
  if (Array.isArray(container)) container.splice(Number(key), 0, value);
  else put(container, key, value);
};

const remove = (container: Container, key: string): void => {
  if (Array.isArray(container)) container.splice(Number(key), 1);
  else delete container[key];
};

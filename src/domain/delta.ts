import jsonPatch from 'fast-json-patch';
import { removeIn, setIn } from 'immutable';
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

/**
 * Applies a delta made by {@link deltaBetween}. What the delta does not touch is shared with
 * `before`, so a thousand states of one run take little more room than the last.
 */
export const applyDelta = (before: JsonObject, delta: Delta): JsonObject =>
  delta.reduce((document, operation) => {
    const path = operation.path.split('/').slice(1).map(jsonPatch.unescapePathComponent);
    return operation.op === 'remove'
      ? removeIn(document, path)
      : setIn(document, path, operation.value);
  }, before);

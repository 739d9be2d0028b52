import { applyDelta, type Delta, deltaBetween } from './delta.js';
import { type JsonObject, jsonBytes } from './json.js';

/** The state itself, or what changed in it since the checkpoint before. */
export type StoredState = Readonly<{ state: JsonObject } | { stateDelta: Delta }>;

/** A full state is stored at least this often, so that reading one applies at most 31 deltas. */
export const fullStateEvery = 32;

/** The largest state, in bytes of JSON in UTF-8: leaves room for what else is in an event of 1 MiB. */
export const largestState = 900 * 1024;

/**
 * How a checkpoint's state is stored: as a delta if that takes less than half as many bytes, else in
 * full.
 *
 * @param before the state of the checkpoint before, if there is one
 * @param deltas how many checkpoints were stored as deltas since the last full state
 */
export const asStored = (
  state: JsonObject,
  before: JsonObject | undefined,
  deltas: number,
): StoredState => {
  if (!before || deltas + 1 >= fullStateEvery) return { state };
  const stateDelta = deltaBetween(before, state);
  // In bytes: the same number of characters may take up three times as much.
  return jsonBytes(stateDelta) < jsonBytes(state) / 2 ? { stateDelta } : { state };
};

/** A checkpoint's state in full, given the one before. */
export const fullState = (stored: StoredState, before: JsonObject | undefined): JsonObject =>
  'state' in stored ? stored.state : applyDelta(before ?? {}, stored.stateDelta);

/** What is under way, by key. */
export type UnderWay<Key, Value> = Readonly<{
  get(key: Key): Value | undefined;
  /** Adds what begins, or puts it in the place of what has the key. */
  set(key: Key, value: Value): void;
  /** Forgets what has ended. @returns false when there was nothing under the key */
  delete(key: Key): boolean;
  size(): number;
  /** What is under way now, in the order it began. */
  values(): Iterable<Value>;
}>;

/** After how many additions more than it has entries a map is let go of. */
const renewedAfter = 64;

/**
 * Keeps what is under way, for as long as that comes and goes all the time: a Map that does not keep the garbage
 * collector from what has ended.
 *
 * When V8's Map or Set has no room left it makes another table, to which the old one then leads. An old table that
 * has come to the old part of the heap is garbage until the next full collection, but until then whatever it leads to
 * outlives each collection of the young part: the table after it, all that was ever in that, and so on. A map that is
 * let go of in time has no such chain behind it.
 */
export const underWay = <Key, Value>(): UnderWay<Key, Value> => {
  let entries = new Map<Key, Value>();
  let added = 0;

  return {
    get: (key) => entries.get(key),
    set: (key, value) => {
      added += 1;
      if (added > renewedAfter + entries.size) {
        entries = new Map(entries);
        added = 0;
      }
      entries.set(key, value);
    },
    delete: (key) => entries.delete(key),
    size: () => entries.size,
    values: () => entries.values(),
  };
};

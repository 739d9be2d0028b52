import { type EventLabel, type Property, properties } from './feed-event.js';
import { showing, type Wanted } from './filter.js';

/**
 * Those who are to be told events, found by what an event is: nobody is asked whether it is for them.
 * What an event costs grows with those it is for, and not with those there are.
 */
export type Audience<Member> = Readonly<{
  /**
   * @param make makes the member; what it is given says which events it wants of those it is found for: all when undefined
   * @returns takes the member out again, which may be done while an event is told
   */
  add(wanted: Wanted, make: (isShown: IsShown | undefined) => Member): () => void;
  /** Those who are to be told an event, as far as they want what is shown to them; nobody is in two groups. */
  found(event: EventLabel): readonly Group<Member>[];
}>;

/** Members that are found under the same names. It is the same object for as long as there are any. */
export type Group<Member> = ReadonlySet<Member>;

/** Whether a member wants an event. */
export type IsShown = (event: EventLabel) => boolean;

/** The members whose filters name the same properties, by the values that they name. */
type Table<Member> = Readonly<{
  named: readonly Property[];
  entries: Map<string, Set<Member>>;
}>;

// A filter with several lists is in its table once for each combination of their values, up to here;
// what would go beyond is looked at event by event.
const mostCombinations = 100;

/** Makes an audience, of nobody at first. */
export const audience = <Member>(): Audience<Member> => {
  const tables = new Map<string, Table<Member>>();

  const tableFor = (named: readonly Property[]): Table<Member> => {
    const name = named.join();
    const table = tables.get(name) ?? { named, entries: new Map() };
    tables.set(name, table);
    return table;
  };

  return {
    add: (wanted, make) => {
      const asked = properties.filter((property) => wanted[property] !== undefined);
      const named = withFewCombinations(asked, wanted);
      const member = make(named.length < asked.length ? showing(wanted) : undefined);
      const { entries } = tableFor(named);
      const keys = combinations(named.map((property) => wanted[property] ?? []));
      for (const key of keys) {
        const sharing = entries.get(key);
        if (sharing) sharing.add(member);
        else entries.set(key, new Set([member]));
      }
      return () => {
        for (const key of keys) {
          const sharing = entries.get(key);
          if (sharing?.delete(member) && sharing.size === 0) entries.delete(key);
        }
        if (entries.size === 0) tables.delete(named.join());
      };
    },
    found: ({ names }) => {
      const groups: Group<Member>[] = [];
      for (const { named, entries } of tables.values())
        for (const key of combinations(named.map((property) => names[property]))) {
          const group = entries.get(key);
          if (group) groups.push(group);
        }
      return groups;
    },
  };
};

/** The first properties, which say the most, as far as they make few combinations of values. */
const withFewCombinations = (asked: readonly Property[], wanted: Wanted): readonly Property[] => {
  let count = 1;
  return asked.filter((property) => {
    const combined = count * (wanted[property]?.length ?? 1);
    if (combined > mostCombinations) return false;
    count = combined;
    return true;
  });
};

/** A key for each way to take one value of every list. Lengths keep keys apart, whatever is in a value. */
const combinations = (lists: readonly (readonly string[])[]): readonly string[] => {
  let keys: readonly string[] = [''];
  for (const values of lists)
    keys = keys.flatMap((key) => values.map((value) => `${key}${value.length}:${value}`));
  return keys;
};

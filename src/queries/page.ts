/** One page of a list. `next` is passed back as `cursor` to get the page after it; null on the last. */
export type Page<Item> = Readonly<{ items: readonly Item[]; next: string | null }>;

/** What was passed back as a cursor did not come from here. */
export class BadCursor extends Error {
  override readonly name = 'BadCursor';
}

/** Makes a cursor of the values that the last item of a page is sorted by. */
export const toCursor = (values: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify(values)).toString('base64url');

/**
 * The values of a cursor.
 *
 * @param types what each value must be; numbers are places, counted from 0
 * @throws BadCursor
 */
export const fromCursor = (
  cursor: string,
  types: readonly ('string' | 'number')[],
): readonly (string | number)[] => {
  const values = parse(cursor);
  const isFitting =
    Array.isArray(values) &&
    values.length === types.length &&
    values.every((value, index) => typeof value === types[index] && !isNoPlace(value));
  if (!isFitting) throw new BadCursor('the cursor is not one of this list');
  return values;
};

const isNoPlace = (value: unknown): boolean =>
  typeof value === 'number' && !(Number.isSafeInteger(value) && value >= 0);

const parse = (cursor: string): unknown => {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined;
  }
};

/**
 * Makes a page of what was read: one item more than the limit says that there is another page.
 *
 * @param sortedBy the values that the list is sorted by, for the cursor
 * @param show what callers see of an item
 */
export const toPage = <Item, Shown>(
  read: readonly Item[],
  limit: number,
  sortedBy: (item: Item) => readonly (string | number)[],
  show: (item: Item) => Shown,
): Page<Shown> => {
  const items = read.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map(show),
    next: read.length > limit && last !== undefined ? toCursor(sortedBy(last)) : null,
  };
};

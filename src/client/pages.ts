import type { Page, PageQuery } from './types.js';

/** Every item of a list, page after page; the next page is asked for when the one before is used up. */
export async function* everyItem<Item, Query extends PageQuery>(
  list: (query: Query) => Promise<Page<Item>>,
  query: Query,
): AsyncGenerator<Item, void, undefined> {
  let page = await list(query);
  yield* page.items;
  while (page.next !== null) {
    page = await list({ ...query, cursor: page.next });
    yield* page.items;
  }
}

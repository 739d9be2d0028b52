import { everyItem } from './pages.js';
import type { ReadOptions, Transport } from './transport.js';
import type { MessageHit, MessageSearch, Page } from './types.js';

/** The messages of all sessions that the caller may see. */
export const searchOver = (http: Transport) => {
  const search = (query: MessageSearch, options?: ReadOptions) =>
    http.read<Page<MessageHit>>('/v1/messages/search', query, options);

  return {
    /** One page of the messages with these words, best match first. */
    search,
    /** Every message with these words, best match first. */
    eachHit: (query: MessageSearch, options?: ReadOptions) =>
      everyItem((page: MessageSearch) => search(page, options), query),
  };
};

import { v4 as newId } from 'uuid';
import type { Page } from '../storage/reader.js';
import type { Store } from '../storage/store.js';
import type { ReadRequest } from '../wire/read-request.js';
import { caughtUpResponse, confirmationResponse } from '../wire/read-responses.js';
import { tombstoneRevision } from '../wire/recorded-event.js';
import { streamDeleted } from './errors.js';
import { pageLimit } from './page-limit.js';
import { responseFor } from './response-for.js';
import type { Responses } from './responses.js';
import { Wakeup } from './wakeup.js';

/**
 * Follows a stream: first what it holds, as its metadata lets it be seen, then every new event. One
 * cursor runs through both, so nothing is missed or repeated between the two.
 */
export const subscribeToStream = async (
  { reader, changes }: Store,
  request: ReadRequest & Readonly<{ stream: string }>,
  responses: Responses,
): Promise<void> => {
  const { stream, from } = request;
  if (reader.isTombstoned(stream)) throw streamDeleted(stream);
  const wakeup = new Wakeup(changes, stream, responses);
  const last = reader.lastRevision(stream);
  let cursor = from === 'start' ? 0 : from === 'end' ? last + 1 : from + 1;
  responses.send(confirmationResponse(newId()));

  const send = async (page: Page) => {
    cursor = page.next;
    for (const entry of page.entries) {
      if (!responses.send(responseFor(reader, request, entry))) await responses.room();
      if (responses.hasEnded) return;
    }
    // A tombstone is the last event there is.
    if (page.entries.at(-1)?.revision === tombstoneRevision) throw streamDeleted(stream);
  };

  let isLive = false;
  while (!responses.hasEnded) {
    const page: Page = isLive
      ? reader.wholeStreamForwards(stream, cursor, pageLimit)
      : reader.streamForwards(stream, cursor, pageLimit);
    await send(page);
    if (!page.isEnd) {
      await responses.pause();
      continue;
    }
    if (!isLive) responses.send(caughtUpResponse);
    isLive = true;
    if (reader.isTombstoned(stream)) {
      // Whoever started beyond the end still is told of it: no revision is beyond a tombstone's.
      await send(reader.wholeStreamForwards(stream, reader.lastRevision(stream), pageLimit));
      throw streamDeleted(stream);
    }
    if (cursor > reader.lastRevision(stream)) await wakeup.wait();
  }
};

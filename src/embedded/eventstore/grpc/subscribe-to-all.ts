import { v4 as newId } from 'uuid';
import { matcher } from '../storage/match-filter.js';
import type { Store } from '../storage/store.js';
import type { ReadRequest } from '../wire/read-request.js';
import {
  caughtUpResponse,
  checkpointResponse,
  confirmationResponse,
} from '../wire/read-responses.js';
import { CheckpointSchedule } from './checkpoint-schedule.js';
import { pageLimit } from './page-limit.js';
import { responseFor } from './response-for.js';
import type { Responses } from './responses.js';
import { Wakeup } from './wakeup.js';

/**
 * Follows the log from a position with one cursor, before and after it is caught up. With a filter,
 * checkpoints tell the client how far it was looked through.
 */
export const subscribeToAll = async (
  { reader, changes }: Store,
  request: ReadRequest,
  responses: Responses,
): Promise<void> => {
  const { from, filter } = request;
  const matches = filter ? matcher(filter) : () => true;
  const wakeup = new Wakeup(changes, undefined, responses);
  const atStart = reader.lastPosition;
  let cursor = from === 'start' ? 0 : from === 'end' ? atStart + 1 : from + 1;
  responses.send(confirmationResponse(newId()));

  const checkpoints = filter && new CheckpointSchedule(filter, Math.min(cursor - 1, atStart));
  const limit = filter
    ? { ...pageLimit, events: Math.min(pageLimit.events, filter.window) }
    : pageLimit;
  const sendCheckpoint = (position: number | undefined) => {
    if (position !== undefined) responses.send(checkpointResponse(position));
  };

  let isLive = false;
  while (!responses.hasEnded) {
    const page = reader.allForwards(cursor, limit);
    for (const entry of page.entries) {
      if (matches(entry)) {
        if (!responses.send(responseFor(reader, request, entry))) await responses.room();
      }
      const due = checkpoints?.looked(entry.position, isLive);
      sendCheckpoint(due);
      if (responses.hasEnded) return;
    }
    cursor = page.next;
    if (!isLive) sendCheckpoint(checkpoints?.pageEnded(page.isEnd));
    if (!page.isEnd) {
      await responses.pause();
      continue;
    }
    if (!isLive) responses.send(caughtUpResponse);
    isLive = true;
    if (cursor > reader.lastPosition) await wakeup.wait();
  }
};

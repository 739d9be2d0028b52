import type { LogEntry } from '../storage/log-entry.js';
import type { Reader } from '../storage/reader.js';
import type { ReadRequest } from '../wire/read-request.js';
import { eventResponse, linkResponse } from '../wire/read-responses.js';

/** What a reader is sent for an event: links followed if asked for, ids in the form asked for. */
export const responseFor = (
  reader: Reader,
  { resolveLinks, uuids = 'text' }: ReadRequest,
  entry: LogEntry,
): Buffer => {
  const resolved = resolveLinks ? reader.resolve(entry) : undefined;
  return resolved ? linkResponse(resolved, uuids) : eventResponse(entry, uuids);
};

import { matcher } from '../storage/match-filter.js';
import type { Page, Reader } from '../storage/reader.js';
import type { Store } from '../storage/store.js';
import { type ReadRequest, readReadRequest } from '../wire/read-request.js';
import { streamNotFoundResponse } from '../wire/read-responses.js';
import { invalidArgument, streamDeleted } from './errors.js';
import { pageLimit } from './page-limit.js';
import { responseFor } from './response-for.js';
import { Responses } from './responses.js';
import type { ServerStream } from './service.js';
import { subscribeToAll } from './subscribe-to-all.js';
import { subscribeToStream } from './subscribe-to-stream.js';

/** Streams.Read: a read with an end, or a subscription. */
export const serveRead =
  (store: Store) =>
  async (call: ServerStream): Promise<void> => {
    const request = readReadRequest(call.request);
    validate(request);
    const responses = new Responses(call);
    const { stream } = request;
    if (!request.isSubscription) await read(store.reader, request, responses);
    else if (stream === undefined) await subscribeToAll(store, request, responses);
    else await subscribeToStream(store, { ...request, stream }, responses);
  };

const validate = ({ stream, uuids, isSubscription, ...request }: ReadRequest): void => {
  if (!uuids) throw invalidArgument('the uuid option is missing');
  if (!request.hasFilterOption) throw invalidArgument('the filter option is missing');
  if (stream === '') throw invalidArgument('the stream has no name');
  if (stream !== undefined && request.filter) throw invalidArgument('a stream takes no filter');
  if (isSubscription && request.isBackwards)
    throw invalidArgument('a subscription only goes forwards');
  if (!isSubscription && request.count === undefined) throw invalidArgument('the count is missing');
  if (isSubscription && request.filter?.checkpointMultiplier === 0)
    throw invalidArgument('the checkpoint interval must not be 0');
};

const read = async (reader: Reader, request: ReadRequest, responses: Responses): Promise<void> => {
  const { stream, filter } = request;
  if (stream !== undefined && reader.isTombstoned(stream)) throw streamDeleted(stream);
  if (stream !== undefined && !reader.exists(stream)) {
    responses.send(streamNotFoundResponse(stream));
    return;
  }
  const matches = filter ? matcher(filter) : undefined;
  let wanted = request.count ?? 0;
  let cursor = startOf(reader, request);
  while (wanted > 0 && cursor !== undefined && !responses.hasEnded) {
    const page: Page = pageFrom(reader, request, cursor, matches ? pageLimit.events : wanted);
    for (const entry of page.entries) {
      if (wanted === 0) break;
      if (matches && !matches(entry)) continue;
      wanted--;
      if (!responses.send(responseFor(reader, request, entry))) await responses.room();
      if (responses.hasEnded) return;
    }
    cursor = page.isEnd ? undefined : page.next;
    if (cursor !== undefined) await responses.pause();
  }
};

/** Where the first page begins: a revision or, for $all, a position; undefined for nowhere. */
const startOf = (reader: Reader, { stream, from, isBackwards }: ReadRequest) => {
  if (stream === undefined) {
    if (isBackwards) return from === 'end' ? reader.lastPosition + 1 : from === 'start' ? 0 : from;
    return from === 'end' ? undefined : from === 'start' ? 0 : from;
  }
  if (from === 'start') return 0;
  if (from !== 'end') return from;
  return isBackwards ? reader.lastRevision(stream) : undefined;
};

const pageFrom = (reader: Reader, request: ReadRequest, cursor: number, wanted: number): Page => {
  const limit = { ...pageLimit, events: Math.min(wanted, pageLimit.events) };
  const { stream, isBackwards } = request;
  if (stream === undefined)
    return isBackwards ? reader.allBackwards(cursor, limit) : reader.allForwards(cursor, limit);
  return isBackwards
    ? reader.streamBackwards(stream, cursor, limit)
    : reader.streamForwards(stream, cursor, limit);
};

import {
  type Deleted,
  type DeleteRequest,
  decideSoftDelete,
  decideTombstone,
} from '../storage/decide-delete.js';
import type { Refusal } from '../storage/expected-revision.js';
import type { WriteBatch } from '../storage/write-batch.js';
import type { Writer } from '../storage/writer.js';
import { deleteResponse } from '../wire/append-responses.js';
import { readDelete } from '../wire/stream-requests.js';
import { accessDenied, invalidArgument, streamDeleted, wrongExpectedVersion } from './errors.js';
import type { UnaryCall } from './service.js';

type Decide = (batch: WriteBatch, request: DeleteRequest) => Deleted | Refusal;

const serve =
  (decide: Decide) =>
  (writer: Writer) =>
  async (call: UnaryCall): Promise<Buffer> => {
    const { stream, expected } = readDelete(call.request);
    if (!stream) throw invalidArgument('the request names no stream');
    const outcome = await writer.submit((batch) => decide(batch, { stream, expected }));
    if (!('refused' in outcome)) return deleteResponse(outcome.position);
    if (outcome.refused === 'stream-deleted') throw streamDeleted(stream);
    if (outcome.refused === 'access-denied') throw accessDenied(stream);
    throw wrongExpectedVersion(stream, expected, outcome.current);
  };

/** Streams.Delete. */
export const serveDelete = serve(decideSoftDelete);

/** Streams.Tombstone. */
export const serveTombstone = serve(decideTombstone);

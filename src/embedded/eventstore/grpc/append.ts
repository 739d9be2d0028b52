import { type Appended, type AppendRequest, decideAppend } from '../storage/decide-append.js';
import type { Refusal } from '../storage/expected-revision.js';
import type { Writer } from '../storage/writer.js';
import { appendSuccess, appendWrongRevision } from '../wire/append-responses.js';
import type { ProposedEvent } from '../wire/recorded-event.js';
import { readAppendMessage, type TargetOptions } from '../wire/stream-requests.js';
import { accessDenied, invalidArgument, maxAppendSizeExceeded, streamDeleted } from './errors.js';
import { eachMessage } from './messages.js';
import type { ClientStream } from './service.js';

/** Hands an append to the writer. */
export const submitAppend = (
  writer: Writer,
  request: AppendRequest,
  size: number,
): Promise<Appended | Refusal> =>
  writer.submit((batch) => decideAppend(batch, request), size, 'limited');

/** Streams.Append: options, then events, one a message; one answer. */
export const serveAppend =
  (writer: Writer, maxAppendSize: number) =>
  async (call: ClientStream): Promise<Buffer> => {
    let target: TargetOptions | undefined;
    const events: ProposedEvent[] = [];
    let size = 0;
    await eachMessage(
      call,
      (bytes) => {
        const message = readAppendMessage(bytes);
        if (!message) return;
        if ('stream' in message) target = message;
        else {
          // Only data counts, as it does in EventStoreDB.
          size += message.data.length;
          if (size > maxAppendSize) throw maxAppendSizeExceeded(maxAppendSize);
          events.push(message);
        }
      },
      writer.closing,
    );
    if (!target?.stream) throw invalidArgument('the append names no stream');
    const { stream, expected } = target;
    const outcome = await submitAppend(writer, { stream, expected, events }, size);
    if (!('refused' in outcome)) return appendSuccess(outcome);
    if (outcome.refused === 'stream-deleted') throw streamDeleted(stream);
    if (outcome.refused === 'access-denied') throw accessDenied(stream);
    return appendWrongRevision(outcome.current, expected);
  };

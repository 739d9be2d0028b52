import type { ExpectedRevision, Refusal } from '../storage/expected-revision.js';
import { StoreClosed, type Writer } from '../storage/writer.js';
import {
  type BatchFailure,
  batchAccessDenied,
  batchBadRequest,
  batchError,
  batchStreamDeleted,
  batchSuccess,
  batchTimeout,
  batchTooBig,
  batchUnknown,
  batchWrongRevision,
} from '../wire/append-responses.js';
import { type BatchChunk, readBatchChunk, type TargetOptions } from '../wire/stream-requests.js';
import { submitAppend } from './append.js';
import { eachMessage } from './messages.js';
import { Responses } from './responses.js';
import type { DuplexStream } from './service.js';

/** The longest that an append may take to arrive, whatever its own deadline. */
const WRITE_TIMEOUT_MS = 2_000;

type Unfinished = {
  target: TargetOptions;
  chunk: BatchChunk;
  size: number;
  timer?: NodeJS.Timeout;
};

/**
 * Streams.BatchAppend: any number of appends over one call, told apart by correlation id, each sent
 * in one chunk or more. Every append is answered exactly once: a client breaks on a second answer.
 */
export const serveBatchAppend =
  (writer: Writer, maxAppendSize: number) =>
  async (call: DuplexStream): Promise<void> => {
    const responses = new Responses(call);
    const unfinished = new Map<string, Unfinished>();
    const pending = new Set<Promise<void>>();

    const forget = (correlationId: Buffer) => {
      const key = correlationId.toString('latin1');
      clearTimeout(unfinished.get(key)?.timer);
      unfinished.delete(key);
    };
    const fail = (correlationId: Buffer, stream: string, failure: BatchFailure) => {
      forget(correlationId);
      responses.send(batchError(correlationId, stream, failure));
    };
    responses.onEnd(() => {
      for (const { timer } of unfinished.values()) clearTimeout(timer);
      unfinished.clear();
    });

    /** @returns the append that the chunk belongs to, unless that was answered before */
    const begin = (chunk: BatchChunk): Unfinished | undefined => {
      const key = chunk.correlationId.toString('latin1');
      const { target } = chunk;
      if (!target) return unfinished.get(key);
      const { stream, deadline } = target;
      const started: Unfinished = { target, chunk: { ...chunk, events: [] }, size: 0 };
      const timeout = Math.min(
        (deadline ?? Number.POSITIVE_INFINITY) - Date.now(),
        WRITE_TIMEOUT_MS,
      );
      if (timeout <= 0 || !stream) {
        const failure = stream ? batchTimeout : batchBadRequest('the append names no stream');
        fail(chunk.correlationId, stream, failure);
        return undefined;
      }
      if (!chunk.isFinal) {
        const expire = () => fail(chunk.correlationId, stream, batchTimeout);
        started.timer = setTimeout(expire, timeout);
        unfinished.set(key, started);
      }
      return started;
    };

    const take = async (bytes: Buffer): Promise<void> => {
      const chunk: BatchChunk = { correlationId: bytes, events: [], isFinal: false };
      try {
        readBatchChunk(bytes, chunk);
      } catch (error) {
        const stream = chunk.target?.stream ?? stringOf(unfinished, chunk.correlationId);
        // Without a stream it belongs to an append that was answered before, or to none.
        if (stream !== undefined)
          fail(chunk.correlationId, stream, batchBadRequest((error as Error).message));
        return;
      }
      const append = begin(chunk);
      if (!append) return;
      const { target } = append;
      const { correlationId, events } = append.chunk;
      for (const event of chunk.events) {
        events.push(event);
        append.size += event.data.length;
      }
      if (append.size > maxAppendSize) {
        fail(correlationId, target.stream, batchTooBig(maxAppendSize));
        return;
      }
      if (!chunk.isFinal) return;
      forget(correlationId);
      const answer = await commit(writer, append);
      if (answer) responses.send(answer);
    };

    await eachMessage(call, (bytes) => {
      const answered = take(bytes);
      pending.add(answered);
      void answered.finally(() => pending.delete(answered));
    });
    await Promise.all(pending);
  };

const stringOf = (unfinished: ReadonlyMap<string, Unfinished>, correlationId: Buffer) =>
  unfinished.get(correlationId.toString('latin1'))?.target.stream;

const failureOf = (refusal: Refusal, stream: string, expected: ExpectedRevision): BatchFailure => {
  switch (refusal.refused) {
    case 'stream-deleted':
      return batchStreamDeleted(stream);
    case 'access-denied':
      return batchAccessDenied;
    case 'wrong-expected-revision':
      return batchWrongRevision(refusal.current, expected);
  }
};

const commit = async (
  writer: Writer,
  { target, chunk, size }: Unfinished,
): Promise<Buffer | undefined> => {
  const { stream, expected } = target;
  const { correlationId, events } = chunk;
  try {
    const outcome = await submitAppend(writer, { stream, expected, events }, size);
    if (!('refused' in outcome)) return batchSuccess(correlationId, stream, outcome);
    return batchError(correlationId, stream, failureOf(outcome, stream, expected));
  } catch (error) {
    // The end of the call tells the client to try elsewhere; an answer would end the matter.
    if (error instanceof StoreClosed) return undefined;
    return batchError(correlationId, stream, batchUnknown((error as Error).message));
  }
};

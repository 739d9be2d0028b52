import type { ExpectedRevision, Refusal } from '../storage/expected-revision.js';
import { CommitTimedOut, StoreClosed, type Writer } from '../storage/writer.js';
import {
  type BatchFailure,
  batchAccessDenied,
  batchBadRequest,
  batchError,
  batchFailed,
  batchStreamDeleted,
  batchSuccess,
  batchTimeout,
  batchTooBig,
  batchWrongRevision,
} from '../wire/append-responses.js';
import { type BatchChunk, readBatchChunk, type TargetOptions } from '../wire/stream-requests.js';
import { submitAppend } from './append.js';
import { eachMessage } from './messages.js';
import { Responses } from './responses.js';
import type { DuplexStream } from './service.js';

/** The longest that an append may take to arrive, whatever its own deadline. */
const writeTimeoutMs = 2_000;

// A client that sends faster than the disk takes waits once this much is on its way there.
const maxPendingBytes = 32 * 1024 * 1024;

/** An append of which the last chunk may still be missing. */
type Append = {
  readonly correlationId: Buffer;
  readonly target: TargetOptions;
  readonly events: BatchChunk['events'];
  size: number;
  timer?: NodeJS.Timeout;
};

const keyOf = (correlationId: Buffer) => correlationId.toString('latin1');

/**
 * Streams.BatchAppend: any number of appends over one call, told apart by correlation id, each sent
 * in one chunk or more. Every append is answered exactly once: a client breaks on a second answer.
 */
export const serveBatchAppend =
  (writer: Writer, maxAppendSize: number) =>
  async (call: DuplexStream): Promise<void> => {
    const appends = new BatchAppends(call, writer, maxAppendSize);
    await eachMessage(call, (bytes) => appends.take(bytes));
    await appends.finished();
  };

class BatchAppends {
  readonly #responses: Responses;
  readonly #unfinished = new Map<string, Append>();
  readonly #committing = new Set<Promise<void>>();
  #pendingBytes = 0;

  constructor(
    private readonly call: DuplexStream,
    private readonly writer: Writer,
    private readonly maxAppendSize: number,
  ) {
    this.#responses = new Responses(call);
    this.#responses.onEnd(() => {
      for (const { timer } of this.#unfinished.values()) clearTimeout(timer);
      this.#unfinished.clear();
    });
  }

  take(bytes: Buffer): void {
    const chunk: BatchChunk = { correlationId: bytes, events: [], isFinal: false };
    try {
      readBatchChunk(bytes, chunk);
    } catch (error) {
      const target = chunk.target ?? this.#unfinished.get(keyOf(chunk.correlationId))?.target;
      // Without a target it belongs to an append that was answered before, or to none.
      if (target)
        this.#fail(chunk.correlationId, target, batchBadRequest((error as Error).message));
      return;
    }
    const append = this.#appendOf(chunk);
    if (!append) return;
    for (const event of chunk.events) {
      append.events.push(event);
      append.size += event.data.length;
    }
    if (append.size > this.maxAppendSize)
      this.#fail(append.correlationId, append.target, batchTooBig(this.maxAppendSize));
    else if (chunk.isFinal) this.#commit(append);
  }

  /** Settles when everything taken is answered. */
  async finished(): Promise<void> {
    await Promise.all(this.#committing);
  }

  /** The append that a chunk begins or goes on with, unless that was answered before. */
  #appendOf({ correlationId, target, isFinal }: BatchChunk): Append | undefined {
    if (!target) return this.#unfinished.get(keyOf(correlationId));
    const left = (target.deadline ?? Number.POSITIVE_INFINITY) - Date.now();
    if (left <= 0 || !target.stream) {
      const failure = target.stream ? batchTimeout : batchBadRequest('the append names no stream');
      this.#fail(correlationId, target, failure);
      return undefined;
    }
    const append: Append = { correlationId, target, events: [], size: 0 };
    if (!isFinal) {
      const expire = () => this.#fail(correlationId, target, batchTimeout);
      append.timer = setTimeout(expire, Math.min(left, writeTimeoutMs));
      this.#unfinished.set(keyOf(correlationId), append);
    }
    return append;
  }

  #commit(append: Append): void {
    this.#forget(append.correlationId);
    this.#claim(append.size);
    const committing = commit(this.writer, append).then((answer) => {
      if (answer) this.#responses.send(answer);
      this.#committing.delete(committing);
      this.#claim(-append.size);
    });
    this.#committing.add(committing);
  }

  #claim(bytes: number): void {
    this.#pendingBytes += bytes;
    if (this.#pendingBytes > maxPendingBytes) this.call.pause();
    else if (this.call.isPaused()) this.call.resume();
  }

  #fail(correlationId: Buffer, { stream }: TargetOptions, failure: BatchFailure): void {
    this.#forget(correlationId);
    this.#responses.send(batchError(correlationId, stream, failure));
  }

  #forget(correlationId: Buffer): void {
    const key = keyOf(correlationId);
    clearTimeout(this.#unfinished.get(key)?.timer);
    this.#unfinished.delete(key);
  }
}

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
  { correlationId, target, events, size }: Append,
): Promise<Buffer | undefined> => {
  const { stream, expected } = target;
  try {
    const outcome = await submitAppend(writer, { stream, expected, events }, size);
    if (!('refused' in outcome)) return batchSuccess(correlationId, stream, outcome);
    return batchError(correlationId, stream, failureOf(outcome, stream, expected));
  } catch (error) {
    // The end of the call tells the client to try elsewhere; an answer would end the matter.
    if (error instanceof StoreClosed) return undefined;
    if (error instanceof CommitTimedOut) return batchError(correlationId, stream, batchTimeout);
    return batchError(correlationId, stream, batchFailed((error as Error).message));
  }
};

import type { Logger } from 'pino';
import { v7 } from 'uuid';
import { schemaVersion } from '../../eventstore/codec.js';
import {
  type EventMetadata,
  type EventStore,
  type ExpectedRevision,
  type NewEvent,
  StoreUnavailable,
} from '../../eventstore/event-store.js';
import type { Attempt, Noted } from './attempt.js';
import { type TallyOptions, tally } from './tally.js';

/** Keeps attempts as events, beside everything else. */
export type Recorder = Readonly<{
  /** Takes note of an attempt, and returns at once: whoever is answered does not wait for it. */
  note(attempt: Attempt): void;
  /** Writes what is left, if the store takes it soon, and ends. */
  stop(): Promise<void>;
}>;

export type RecorderOptions = TallyOptions & Readonly<{ everyMs?: number }>;

/** How long the last write may take when the recorder stops, in milliseconds. */
const goodbyeMs = 2_000;

/**
 * Starts to keep attempts, once a second, in streams of the category `audit`: one for each day and
 * process, so that no two ever write to the same. While the store is away they gather.
 */
export const startRecorder = (
  store: Pick<EventStore, 'append'>,
  log: Logger,
  { everyMs = 1_000, ...options }: RecorderOptions = {},
): Recorder => {
  const noted = tally(options);
  let stream = '';
  let expected: ExpectedRevision = 'none';
  let unwritten: readonly NewEvent[] = [];

  const write = async (taken: readonly Noted[]): Promise<void> => {
    const today = `audit-${new Date().toISOString().slice(0, 10)}`;
    // What may be in already goes to where it was sent: the same events there again are the same append.
    if (stream === '' || (unwritten.length === 0 && !stream.startsWith(today))) {
      stream = `${today}-${v7()}`;
      expected = 'none';
    }
    unwritten = [...unwritten, ...taken.map(eventOf)];
    if (unwritten.length === 0) return;
    try {
      expected = (await store.append(stream, unwritten, expected)).storeRevision;
      unwritten = [];
    } catch (error) {
      log.warn({ err: error }, 'the audit cannot be written');
      // Somebody deleted the stream, or wrote to it: another one takes what is left.
      if (!(error instanceof StoreUnavailable)) stream = '';
    }
  };

  let writing = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const writeLater = () => {
    timer = setTimeout(() => {
      // While some wait for the store, more of them gather where they are counted.
      writing = write(unwritten.length > 0 ? [] : noted.due(Date.now())).finally(
        () => timer && writeLater(),
      );
    }, everyMs).unref();
  };
  writeLater();

  return {
    note: (attempt) => noted.note(attempt, Date.now()),
    stop: async () => {
      clearTimeout(timer);
      timer = undefined;
      const last = writing.then(() => write(noted.rest()));
      const late = new Promise((resolve) => setTimeout(resolve, goodbyeMs).unref());
      await Promise.race([last, late]);
    },
  };
};

const eventOf = ({ attempt, count, firstAt, lastAt }: Noted): NewEvent => {
  const { type, caller, origin, requestId, ...about } = attempt;
  const times = {
    firstAt: new Date(firstAt).toISOString(),
    lastAt: new Date(lastAt).toISOString(),
  };
  return { id: v7(), type, data: { ...about, count, ...times }, metadata: metadataOf(attempt) };
};

/** Nobody owns what is kept here: that is why neither the feed nor a webhook tells anyone of it. */
const metadataOf = ({ caller, origin, requestId }: Attempt): EventMetadata => {
  const commandId = v7();
  const metadata: Omit<EventMetadata, 'ownerId' | 'userId'> = {
    $correlationId: requestId,
    $causationId: commandId,
    commandId,
    requestId,
    schemaVersion,
    ...origin,
    ...(caller && { userId: caller.userId }),
    ...(caller?.keyId !== undefined && { keyId: caller.keyId }),
  };
  // Events of ours have an owner and a user, these have not: whoever reads them copes, as with foreign ones.
  return metadata as EventMetadata;
};

import { decideAppend } from '../storage/decide-append.js';
import { decideSoftDelete } from '../storage/decide-delete.js';
import { ownEvent } from '../storage/own-event.js';
import type { Store } from '../storage/store.js';
import { metastreamOf } from '../storage/stream-head.js';
import type { WriteBatch } from '../storage/write-batch.js';
import type { ProposedEvent } from '../wire/recorded-event.js';
import {
  checkpointStream,
  formatPlace,
  type GroupConfig,
  parkedStream,
  parsePlace,
} from './group-config.js';
import { eventOf, type Message } from './message.js';

const pageLimit = { events: 100, bytes: 1024 * 1024 };
const keepTwo = '{"$maxCount":2}';

/** Appends events to a stream at whatever revision it is. */
const appendAny = (batch: WriteBatch, stream: string, ...events: ProposedEvent[]) =>
  decideAppend(batch, { stream, expected: 'any', events });

/** Appends an event, and says once how many of its kind to keep. */
export const appendKeepingTwo = (
  batch: WriteBatch,
  stream: string,
  type: string,
  data: string,
): void => {
  const metastream = metastreamOf(stream);
  if (!batch.head(metastream)) appendAny(batch, metastream, ownEvent('$metadata', keepTwo));
  appendAny(batch, stream, ownEvent(type, data));
};

/** What a group keeps in streams of its own: how far it got, and what it put aside. */
export class GroupStorage {
  readonly #store: Store;
  readonly #config: GroupConfig;

  constructor(store: Store, config: GroupConfig) {
    this.#store = store;
    this.#config = config;
  }

  /** The place up to which everything is done, if that was ever recorded. */
  checkpoint(): number | undefined {
    const { reader } = this.#store;
    const stream = checkpointStream(this.#config);
    if (!reader.exists(stream)) return undefined;
    const [last] = reader.streamBackwards(stream, Number.MAX_SAFE_INTEGER, pageLimit).entries;
    return last && parsePlace(JSON.parse(last.data.toString()) as string);
  }

  async saveCheckpoint(place: number): Promise<void> {
    const data = JSON.stringify(formatPlace(this.#config.source, place));
    const stream = checkpointStream(this.#config);
    await this.#store.writer.submit((batch) =>
      appendKeepingTwo(batch, stream, '$SubscriptionCheckpoint', data),
    );
  }

  /** Puts a message aside, as a link to what it was about. */
  async park(message: Message, reason: string): Promise<void> {
    const { revision, stream } = eventOf(message) ?? message.entry;
    const metadata = JSON.stringify({
      added: new Date().toISOString(),
      reason,
      subscriptionEventNumber: message.place ?? null,
    });
    const link = ownEvent('$>', `${revision}@${stream}`, { isJson: false, metadata });
    await this.#store.writer.submit((batch) => appendAny(batch, parkedStream(this.#config), link));
  }

  /** How many messages are put aside. */
  get parkedCount(): number {
    const { reader } = this.#store;
    const stream = parkedStream(this.#config);
    const { truncateBefore = 0 } = reader.settings(stream);
    return Math.max(0, reader.lastRevision(stream) + 1 - truncateBefore);
  }

  /**
   * Takes out what is put aside.
   *
   * @param stopAt the first revision of the parked stream to leave there
   * @returns messages for what can still be seen
   */
  async takeParked(stopAt: number): Promise<readonly Message[]> {
    const { reader, writer } = this.#store;
    const stream = parkedStream(this.#config);
    const messages: Message[] = [];
    const end = Math.min(stopAt, reader.lastRevision(stream) + 1);
    for (let next = 0; next < end; ) {
      const page = reader.streamForwards(stream, next, pageLimit);
      for (const entry of page.entries) {
        const target = entry.revision < end ? reader.resolve(entry)?.target : undefined;
        if (target) messages.push({ entry, target, isLink: true, place: undefined, retryCount: 0 });
      }
      next = page.next;
    }
    if (end > 0) {
      const truncation = ownEvent('$metadata', JSON.stringify({ $tb: end }));
      await writer.submit((batch) => appendAny(batch, metastreamOf(stream), truncation));
    }
    return messages;
  }

  /** Deletes both streams. */
  async clear(): Promise<void> {
    const streams = [checkpointStream(this.#config), parkedStream(this.#config)];
    await this.#store.writer.submit((batch) => {
      for (const stream of streams) decideSoftDelete(batch, { stream, expected: 'any' });
    });
  }
}

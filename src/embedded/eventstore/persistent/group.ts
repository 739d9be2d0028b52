import type { Store } from '../storage/store.js';
import type { Consumer } from './consumer.js';
import { allStreams, type GroupConfig } from './group-config.js';
import { GroupSource } from './group-source.js';
import { GroupStorage } from './group-storage.js';
import { type Message, retried } from './message.js';
import { MessageQueues } from './message-queues.js';
import { type Strategy, strategyOf } from './strategies.js';

/** What a consumer may say of a message it will not acknowledge. */
export type NackAction = 'retry' | 'park' | 'skip';

// Pages read in one go without finding anything to deliver, before others get their turn.
const maxEmptyPages = 16;

/**
 * A persistent subscription at work: it reads its source ahead of its consumers, hands out messages
 * as they have room, and keeps each until it is acknowledged, skipped or put aside.
 */
export class PersistentGroup {
  readonly storage: GroupStorage;
  readonly source: GroupSource;
  readonly #store: Store;
  readonly #strategy: Strategy;
  readonly #consumers: Consumer[] = [];
  readonly #queues = new MessageQueues();
  readonly #parking = new Set<Message>();
  #checkpoint: number | undefined;
  #checkpointAt = Date.now();
  #passed = 0;
  #isSaving = false;
  #delivered = 0;
  #measured = 0;
  #perSecond = 0;
  #stopFollowing: (() => void) | undefined;
  #isScheduled = false;

  constructor(
    readonly config: GroupConfig,
    store: Store,
  ) {
    this.#store = store;
    this.storage = new GroupStorage(store, config);
    this.#checkpoint = this.storage.checkpoint();
    const next = this.#checkpoint === undefined ? config.start : this.#checkpoint + 1;
    this.source = new GroupSource(store.reader, config, next);
    this.#strategy = strategyOf(config.settings.strategy);
  }

  get consumers(): readonly Consumer[] {
    return this.#consumers;
  }

  get checkpoint(): number | undefined {
    return this.#checkpoint;
  }

  get counts() {
    const inFlight = this.#consumers.reduce((sum, { inFlightCount }) => sum + inFlightCount, 0);
    return {
      buffered: this.#queues.freshCount,
      retries: this.#queues.retryCount,
      inFlight,
      delivered: this.#delivered,
      sinceMeasured: this.#delivered - this.#measured,
      perSecond: this.#perSecond,
    };
  }

  /** @returns false when the group has all the consumers it may have */
  connect(consumer: Consumer): boolean {
    const { maxSubscriberCount } = this.config.settings;
    if (maxSubscriberCount > 0 && this.#consumers.length >= maxSubscriberCount) return false;
    this.#consumers.push(consumer);
    const { source } = this.config;
    this.#stopFollowing ??= this.#store.changes.subscribe(
      source === allStreams ? undefined : source,
      () => this.#schedule(),
    );
    this.#schedule();
    return true;
  }

  /** What the consumer had goes to others. */
  disconnect(consumer: Consumer): void {
    const index = this.#consumers.indexOf(consumer);
    if (index === -1) return;
    this.#consumers.splice(index, 1);
    for (const message of consumer.inFlight()) this.#queues.retry(retried(message));
    if (this.#consumers.length === 0) {
      this.#stopFollowing?.();
      this.#stopFollowing = undefined;
    }
    this.#schedule();
  }

  /** Ends the calls of all consumers. */
  dropConsumers(): void {
    for (const consumer of [...this.#consumers]) {
      this.disconnect(consumer);
      consumer.drop();
    }
  }

  /** One that has left can settle nothing: what it had has gone to others, or the group is deleted. */
  ack(consumer: Consumer, ids: readonly string[]): void {
    if (!this.#consumers.includes(consumer)) return;
    const now = Date.now();
    for (const id of ids) if (consumer.settle(id, now)) this.#passed++;
    this.#afterProgress();
  }

  /** As {@link ack}, of messages that are not done. */
  nack(consumer: Consumer, ids: readonly string[], action: NackAction, reason: string): void {
    if (!this.#consumers.includes(consumer)) return;
    const now = Date.now();
    for (const id of ids) {
      const message = consumer.settle(id, now);
      if (!message) continue;
      if (action === 'skip') this.#passed++;
      else if (action === 'park') this.#park(message, reason);
      else this.#retryOrPark(message, reason);
    }
    this.#afterProgress();
  }

  /** Offers again what was put aside. @param stopAt the first revision to leave there */
  async replayParked(stopAt: number): Promise<void> {
    for (const message of await this.storage.takeParked(stopAt)) this.#queues.retry(message);
    this.#schedule();
  }

  /** To be called about once a second: lets messages expire and records progress. */
  tick(now: number, seconds: number): void {
    for (const consumer of this.#consumers) {
      for (const message of consumer.expire(now)) this.#retryOrPark(message, 'timed out');
      consumer.measure(seconds);
    }
    this.#perSecond = Math.round((this.#delivered - this.#measured) / seconds);
    this.#measured = this.#delivered;
    const { minCheckpointCount, checkpointAfterMs } = this.config.settings;
    const isDue = now - this.#checkpointAt >= checkpointAfterMs;
    if (isDue && this.#passed > 0 && this.#passed >= minCheckpointCount) this.#saveCheckpoint();
    this.#schedule();
  }

  #afterProgress(): void {
    if (this.#passed >= Math.max(1, this.config.settings.maxCheckpointCount))
      this.#saveCheckpoint();
    this.#schedule();
  }

  #retryOrPark(message: Message, reason: string): void {
    if (message.retryCount >= this.config.settings.maxRetryCount) this.#park(message, reason);
    else this.#queues.retry(retried(message));
  }

  #park(message: Message, reason: string): void {
    this.#parking.add(message);
    this.storage.park(message, reason).then(
      () => {
        this.#parking.delete(message);
        this.#passed++;
      },
      () => {
        this.#parking.delete(message);
        this.#queues.retry(message);
      },
    );
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const { messageTimeoutMs } = this.config.settings;
    let emptyPages = 0;
    while (this.#consumers.some(({ freeSlots }) => freeSlots > 0)) {
      const found = this.#queues.take(this.#strategy, this.#consumers);
      if (found) {
        found.consumer.push(found.message, Date.now(), messageTimeoutMs);
        this.#delivered++;
      } else {
        if (!this.#readAhead()) return;
        if (this.#queues.freshCount === 0 && ++emptyPages === maxEmptyPages) {
          this.#schedule();
          return;
        }
      }
    }
  }

  /** @returns whether there was anything to read, and room for it */
  #readAhead(): boolean {
    if (this.#queues.freshCount >= this.config.settings.historyBufferSize) return false;
    const before = this.source.next;
    const { messages, filteredOut } = this.source.read();
    this.#queues.add(messages);
    this.#passed += filteredOut;
    return this.source.next > before && (messages.length > 0 || !this.source.isAtEnd);
  }

  /** The place below everything that is not done. */
  #doneThrough(): number {
    let lowest = this.source.next;
    const consider = ({ place }: Message) => {
      if (place !== undefined && place < lowest) lowest = place;
    };
    for (const consumer of this.#consumers) for (const m of consumer.inFlight()) consider(m);
    for (const waiting of [this.#queues, this.#parking]) for (const m of waiting) consider(m);
    return lowest - 1;
  }

  #saveCheckpoint(): void {
    const place = this.#doneThrough();
    if (this.#isSaving || place <= (this.#checkpoint ?? this.config.start - 1)) return;
    this.#isSaving = true;
    this.#passed = 0;
    this.#checkpointAt = Date.now();
    this.storage.saveCheckpoint(place).then(
      () => {
        this.#checkpoint = place;
        this.#isSaving = false;
      },
      () => {
        this.#isSaving = false;
      },
    );
  }
}

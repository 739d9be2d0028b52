import { Counter, Gauge, type Registry } from 'prom-client';
import type { Consumer } from '../feed/consumer.js';
import type { Feed } from '../feed/feed.js';
import type { FeedEvent } from '../feed/feed-event.js';
import type { FeedWatch, Transport } from '../feed/feed-watch.js';
import type { Instruments } from './instruments.js';

/** Watches who is connected to the feed and what they are told. */
export const feedMeasures = (registry: Registry, { feedDropped }: Instruments) => {
  const registers = [registry];
  const clients: Record<Transport, number> = { websocket: 0, sse: 0 };
  const counts: Counts = { subscriptions: 0, told: 0 };

  new Gauge({
    name: 'forkline_feed_clients',
    help: 'Clients connected to the feed of this node.',
    labelNames: ['transport'],
    registers,
    collect() {
      this.set({ transport: 'websocket' }, clients.websocket);
      this.set({ transport: 'sse' }, clients.sse);
    },
  });
  new Gauge({
    name: 'forkline_feed_subscriptions',
    help: 'What the clients of the feed are subscribed to; one of them may have several.',
    registers,
    collect() {
      this.set(counts.subscriptions);
    },
  });
  new Counter({
    name: 'forkline_feed_events_sent_total',
    help: 'Events told to clients of the feed, one for each subscription.',
    registers,
    collect() {
      this.reset();
      this.inc(counts.told);
    },
  });

  const watch: FeedWatch = {
    opened: (transport) => {
      clients[transport] += 1;
    },
    closed: (transport) => {
      clients[transport] -= 1;
    },
    tooSlow: (transport) => feedDropped.inc({ transport }),
  };

  /** A feed that does the same, and has counted what it tells. */
  const measured = (feed: Feed): Feed => ({
    ...feed,
    watch,
    follow: (request, consumer) => {
      const counted = new Counted(consumer, counts);
      const unfollow = feed.follow(request, counted);
      return () => {
        counted.over();
        unfollow();
      };
    },
  });
  return { measured };
};

/** One event may be told thousands of times: a number is all that can be had of that for nothing. */
type Counts = { subscriptions: number; told: number };

/** A consumer that does the same, and is counted. There are thousands: hence fields, and no functions of its own. */
class Counted implements Consumer {
  readonly #consumer: Consumer;
  readonly #counts: Counts;
  #isOver = false;

  constructor(consumer: Consumer, counts: Counts) {
    this.#consumer = consumer;
    this.#counts = counts;
    counts.subscriptions += 1;
  }

  /** Nothing more is told. Safe to call twice. */
  over(): void {
    if (!this.#isOver) this.#counts.subscriptions -= 1;
    this.#isOver = true;
  }

  started(): void {
    this.#consumer.started();
  }

  room(): Promise<void> | undefined {
    return this.#consumer.room();
  }

  event(event: FeedEvent, isLast: boolean): void {
    this.#counts.told += 1;
    this.#consumer.event(event, isLast);
  }

  caughtUp(position: number): void {
    this.#consumer.caughtUp(position);
  }

  failed(error: unknown): void {
    this.over();
    this.#consumer.failed(error);
  }

  ended(): void {
    this.over();
    this.#consumer.ended();
  }
}

import { Counter, Gauge, type Registry } from 'prom-client';
import type { Feed } from '../feed/feed.js';
import type { FeedWatch, Transport } from '../feed/feed-watch.js';
import type { Instruments } from './instruments.js';

/** Watches who is connected to the feed and what they are told. */
export const feedMeasures = (registry: Registry, { feedDropped }: Instruments) => {
  const registers = [registry];
  const clients: Record<Transport, number> = { websocket: 0, sse: 0 };
  let subscriptions = 0;
  // One event may be told thousands of times: a number is all that can be had of that for nothing.
  let told = 0;

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
      this.set(subscriptions);
    },
  });
  new Counter({
    name: 'forkline_feed_events_sent_total',
    help: 'Events told to clients of the feed, one for each subscription.',
    registers,
    collect() {
      this.reset();
      this.inc(told);
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
      subscriptions += 1;
      let isOver = false;
      const over = () => {
        if (!isOver) subscriptions -= 1;
        isOver = true;
      };
      const unfollow = feed.follow(request, {
        ...consumer,
        event: (event, isLast) => {
          told += 1;
          consumer.event(event, isLast);
        },
        failed: (error) => {
          over();
          consumer.failed(error);
        },
        ended: () => {
          over();
          consumer.ended();
        },
      });
      return () => {
        over();
        unfollow();
      };
    },
  });
  return { measured };
};

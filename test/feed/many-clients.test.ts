import { expect, it } from '@jest/globals';
import { tellManyFilters } from './support/many-filters.js';

// With FORKLINE_FEED_CLIENTS=1000 FORKLINE_FEED_EVENTS=10000 FORKLINE_FEED_RATE=500 the full size: see docs/feed.md.
const clientCount = Number(process.env.FORKLINE_FEED_CLIENTS ?? 140);
const changeCount = Number(process.env.FORKLINE_FEED_EVENTS ?? 1_050);
const perSecond = Number(process.env.FORKLINE_FEED_RATE ?? 0);

const pingMs = 30_000;

it('tells each of many clients with different filters exactly what it may see and asked for, whatever one does that never reads', async () => {
  const { clients, idle, events, toldMs } = await tellManyFilters({
    ...{ clients: clientCount, requests: changeCount, perSecond, tasksTogether: 1 },
  });
  expect(events).toBeGreaterThanOrEqual(changeCount);
  for (const { expected, heard } of clients) {
    expect(heard.positions).toEqual(expected);
    expect(heard.closed).toBeUndefined();
  }
  const told = clients.reduce((sum, { heard }) => sum + heard.positions.length, 0);
  expect(told).toBeGreaterThan((clientCount * changeCount) / 60);
  const { positions, closed } = idle.heard;
  expect(closed).toBeDefined();
  expect(positions).toEqual(idle.expected.slice(0, positions.length));
  // On a machine that takes longer than this, it may have been dropped before for not answering pings.
  if (toldMs > pingMs) return;
  expect(positions).toHaveLength(1_000);
  expect(closed).toEqual({ code: 4008, reason: positions.at(-1) });
}, 600_000);

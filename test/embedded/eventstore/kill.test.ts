import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AppendToStreamOptions,
  EventStoreDBClient,
  excludeSystemEvents,
  NO_STREAM,
  type Position,
  START,
} from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { all, event, numbers } from './support/events.js';
import { endServer, spawnServer } from './support/spawn-server.js';
import { Recording } from './support/subscription.js';

// About half a second each, most of it the start of a process: three for each of the numbers of events below.
// More with FORKLINE_KILL_ROUNDS=30.
const rounds = Number(process.env.FORKLINE_KILL_ROUNDS ?? 15);
const writerCount = 16;
const eventsPerRound = [5, 40, 250, 120, 1];

let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'forkline-eventstore-'));
});
afterAll(() => rm(dataDir, { recursive: true }));

const idOf = (writer: number, n: number) =>
  `00000000-0000-4000-8000-${String(writer * 1_000_000 + n).padStart(12, '0')}`;

/** The newest revision acknowledged, by stream. */
const acknowledged = new Map<string, number>();
const total = () => [...acknowledged.values()].reduce((sum, n) => sum + n + 1, 0);

/** Appends one event after the other until the server is gone, each with the revision it expects. */
const write = async (client: EventStoreDBClient, writer: number, onAnswer: () => void) => {
  const stream = `writer-${writer}`;
  for (let n = (acknowledged.get(stream) ?? -1) + 1; ; n++) {
    const options: AppendToStreamOptions = {
      expectedRevision: n === 0 ? NO_STREAM : BigInt(n - 1),
    };
    try {
      await client.appendToStream(stream, [event(n, 'Written', idOf(writer, n))], options);
    } catch {
      return;
    }
    acknowledged.set(stream, n);
    onAnswer();
  }
};

describe('a kill at any moment under concurrent appends', () => {
  it('loses nothing acknowledged, leaves no gap, and lets a subscription go on once each', async () => {
    const followed: string[] = [];
    let position: Position | typeof START = START;
    let port = 0;
    for (let round = 0; round < rounds; round++) {
      const process = await spawnServer(dataDir, port);
      port = process.port;
      const client = EventStoreDBClient.connectionString(process.url);
      const filter = excludeSystemEvents();
      const recording = new Recording(client.subscribeToAll({ fromPosition: position, filter }));
      const goal = total() + (eventsPerRound[round % eventsPerRound.length] ?? 1);
      const writers: Promise<void>[] = [];
      await new Promise<void>((resolve) => {
        const onAnswer = () => {
          if (total() >= goal) resolve();
        };
        for (let writer = 0; writer < writerCount; writer++)
          writers.push(write(client, writer, onAnswer));
      });
      await endServer(process, 'SIGKILL');
      await Promise.all(writers);
      await recording.failed();
      for (const { event: seen } of recording.events) {
        followed.push(`${seen?.revision}@${seen?.streamId}`);
        position = seen?.position ?? position;
      }
      await client.dispose();
    }

    const process = await spawnServer(dataDir, port);
    const client = EventStoreDBClient.connectionString(process.url);
    const stored: string[] = [];
    const next = new Map<string, bigint>();
    let before: bigint | undefined;
    for (const { event: recorded } of await all(client.readAll())) {
      if (!recorded) throw new Error('an event is missing');
      const { streamId, revision, position: place } = recorded;
      expect(revision).toBe(next.get(streamId) ?? 0n);
      next.set(streamId, revision + 1n);
      if (before !== undefined) expect(place.commit).toBe(before + 1n);
      before = place.commit;
      if (!streamId.startsWith('$')) stored.push(`${revision}@${streamId}`);
    }
    for (const [stream, last] of acknowledged) {
      const read = numbers(await all(client.readStream(stream)));
      expect(read).toEqual(Array.from({ length: read.length }, (_, n) => n));
      expect(read.length).toBeGreaterThan(last);
    }
    const recording = new Recording(
      client.subscribeToAll({ fromPosition: position, filter: excludeSystemEvents() }),
    );
    await recording.caughtUp();
    for (const { event: seen } of recording.events)
      followed.push(`${seen?.revision}@${seen?.streamId}`);
    expect(followed).toEqual(stored);
    await recording.stop();
    await client.dispose();
    await endServer(process, 'SIGTERM');
  }, 300_000);
});

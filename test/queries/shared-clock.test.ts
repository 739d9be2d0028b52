import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Db } from 'mongodb';
import { pino } from 'pino';
import { startMongo } from '../../src/embedded/index.js';
import type { EmbeddedMongo } from '../../src/embedded/mongo/start.js';
import { connectDatabase, type Database } from '../../src/queries/database.js';
import { type RunningClock, startSharedClock } from '../../src/queries/shared-clock.js';
import { removeFolder, temporaryFolder } from '../support/program.js';
import { until } from '../support/until.js';

const log = pino({ level: 'silent' });
const hour = 3_600_000;

let folder: string;
let mongo: EmbeddedMongo;
let database: Database;
const running: RunningClock[] = [];

beforeAll(async () => {
  folder = await temporaryFolder();
  mongo = await startMongo({ dataDir: folder });
  database = await connectDatabase(mongo.url, 'forkline');
});
afterEach(() => {
  for (const clock of running.splice(0)) clock.stop();
  jest.restoreAllMocks();
});
afterAll(async () => {
  await database.close();
  await mongo.stop();
  await removeFolder(folder);
});

const start = async (db: Db, everyMs?: number): Promise<RunningClock> => {
  const clock = await startSharedClock(db, log, everyMs);
  running.push(clock);
  return clock;
};

/** The database of a server whose clock is set otherwise, and can be set again; it may be away. */
const shifted = (byMs: number) => {
  const server = { byMs, isAway: false, asked: 0 };
  const command = async (...args: Parameters<Db['command']>) => {
    server.asked += 1;
    if (server.isAway) throw new Error('away');
    const answer = await database.db.command(...args);
    return { ...answer, localTime: new Date(answer.localTime.getTime() + server.byMs) };
  };
  return { server, db: { command } as unknown as Db };
};

describe('the shared clock', () => {
  it("tells the time of the server's clock, not of this process's", async () => {
    const clock = await start(shifted(-5 * hour).db);
    const [before, now] = [Date.now(), clock.now()];
    // What there is between two readings on a busy machine is nothing to five hours.
    expect(Math.abs(now - (before - 5 * hour))).toBeLessThan(hour);
  });

  it('is not moved by the clock of this process being set', async () => {
    const clock = await start(database.db);
    const before = clock.now();
    const real = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => real + 48 * hour);
    expect(clock.now() - before).toBeLessThan(hour);
    jest.spyOn(Date, 'now').mockImplementation(() => real - 48 * hour);
    expect(clock.now()).toBeGreaterThanOrEqual(before);
  });

  it('takes over what the server says later', async () => {
    const { server, db } = shifted(0);
    const clock = await start(db, 10);
    const before = clock.now();
    server.byMs = 2 * hour;
    await until(() => clock.now() > before + hour);
  });

  it('stands still where the server was set back, and never goes back', async () => {
    const { server, db } = shifted(0);
    const clock = await start(db, 10);
    let latest = clock.now();
    server.byMs = -2 * hour;
    const { asked } = server;
    // By the second reading from here on the first one counts.
    await until(() => {
      const now = clock.now();
      expect(now).toBeGreaterThanOrEqual(latest);
      latest = now;
      return server.asked > asked + 9;
    });
    expect(clock.now()).toBe(latest);
  });

  it('runs on while the server is away, and takes over what it says afterwards', async () => {
    const { server, db } = shifted(0);
    const clock = await start(db, 10);
    const before = clock.now();
    server.isAway = true;
    const { asked } = server;
    await until(() => server.asked > asked + 2 && clock.now() > before);
    server.byMs = 2 * hour;
    server.isAway = false;
    await until(() => clock.now() > before + hour);
  });

  it('does not start without the server', async () => {
    const { server, db } = shifted(0);
    server.isAway = true;
    await expect(startSharedClock(db, log)).rejects.toThrow('away');
  });

  it('believes the quickest of its readings', async () => {
    const { db } = shifted(0);
    let nth = 0;
    const command = async (...args: Parameters<Db['command']>) => {
      nth += 1;
      if (nth !== 2) {
        // A slow answer, which by the time it comes is an hour old.
        const now = performance.now();
        jest.spyOn(performance, 'now').mockImplementationOnce(() => now + 2 * hour);
      }
      return db.command(...args);
    };
    const clock = await start({ command } as unknown as Db);
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(hour / 2);
  });
});

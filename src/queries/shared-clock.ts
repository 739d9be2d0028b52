import type { Db } from 'mongodb';
import type { Logger } from 'pino';
import type { Clock } from '../projecting/clock.js';

export type RunningClock = Clock & Readonly<{ stop(): void }>;

type Sample = Readonly<{ offset: number; roundTrip: number }>;

const samplesAtATime = 3;

/**
 * A clock that all nodes share: that of the database server, carried on between readings by this
 * process's monotonic clock. Deadlines and leases are counted by it, so that a node whose own clock
 * is wrong, or is set while it runs, takes nothing away early. Each reading assumes that the answer
 * came half way between question and receipt (Cristian's algorithm): it is off by half a round trip
 * at most, and the quickest of a few is taken. While the database is away the clock runs on.
 *
 * @param everyMs how often it is read again; 10 s by default
 */
export const startSharedClock = async (
  db: Db,
  log: Logger,
  everyMs = 10_000,
): Promise<RunningClock> => {
  const read = async (): Promise<number> => {
    const samples: Sample[] = [];
    for (let taken = 0; taken < samplesAtATime; taken++) samples.push(await sample(db));
    return samples.reduce((best, next) => (next.roundTrip < best.roundTrip ? next : best)).offset;
  };

  let offset = await read();
  let latest = 0;
  const reading = setInterval(() => {
    read().then(
      (newer) => {
        offset = newer;
      },
      (error: unknown) => log.warn({ err: error }, 'the shared clock could not be read'),
    );
  }, everyMs).unref();

  return {
    now: () => {
      latest = Math.max(latest, Math.floor(performance.now() + offset));
      return latest;
    },
    stop: () => clearInterval(reading),
  };
};

/** What to add to this process's monotonic clock to have the server's. */
const sample = async (db: Db): Promise<Sample> => {
  const asked = performance.now();
  const { localTime } = await db.command({ hello: 1 });
  const answered = performance.now();
  const serverTime = localTime instanceof Date ? localTime.getTime() : Date.now();
  return { offset: serverTime - (asked + answered) / 2, roundTrip: answered - asked };
};

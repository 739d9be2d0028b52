import { setTimeout as delay } from 'node:timers/promises';
import { installPeer, type Wanted } from './install.js';
import { startPostgres } from './servers.js';
import { type TaskSystem, workersOf } from './task-system.js';

/** The newest that runs on every Node that Forkline does. */
const wanted: Wanted = { name: 'pg-boss', packages: { 'pg-boss': '10.4.2' } };

type Boss = Readonly<{
  on(event: 'error', listener: (error: Error) => void): unknown;
  start(): Promise<unknown>;
  stop(options: object): Promise<void>;
  createQueue(name: string): Promise<void>;
  send(name: string, data: object, options: object): Promise<string | null>;
  fetch(name: string): Promise<readonly { id: string }[]>;
  complete(name: string, id: string): Promise<unknown>;
}>;

const queue = 'mail';
/** Its own workers ask twice a second at most; these ask again so soon after there was nothing. */
const pauseMs = 5;
const connections = 32;

/** pg-boss over PostgreSQL. @returns why not, when it cannot be had */
export const startPgBoss = async (tell: (line: string) => void): Promise<TaskSystem | string> => {
  const peer = await installPeer(wanted, tell);
  if (typeof peer === 'string') return `pg-boss: ${peer}`;
  const PgBoss = peer.load('pg-boss') as new (options: object) => Boss;
  const server = await startPostgres();
  if (typeof server === 'string') return `pg-boss: ${server}`;
  const boss = new PgBoss({ connectionString: server.url, max: connections });
  boss.on('error', ({ message }) => tell(`pg-boss: ${message}`));
  await boss.start();
  await boss.createQueue(queue);
  return {
    name: 'pg-boss',
    submit: async (id) => {
      await boss.send(queue, { to: 'x' }, { id });
    },
    work: async (workers, done) =>
      workersOf(workers, async (isOver) => {
        while (!isOver()) {
          const [job] = await boss.fetch(queue);
          if (job === undefined) await delay(pauseMs);
          else {
            await boss.complete(queue, job.id);
            done(job.id);
          }
        }
      }),
    close: async () => {
      await boss.stop({ graceful: false, close: true, wait: true });
      await server.stop();
    },
  };
};

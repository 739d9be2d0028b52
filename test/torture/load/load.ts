import { drawFrom } from '../draw.js';
import type { Log } from '../log.js';
import { beginningWith } from './beginning.js';
import { executionCommands } from './execution-commands.js';
import {
  type Follower,
  type FollowerOptions,
  startClientFollower,
  startFollower,
} from './followers.js';
import { forkCommands } from './fork-commands.js';
import { interruptCommands } from './interrupt-commands.js';
import { runLoadClient } from './load-client.js';
import { sessionCommands } from './session-commands.js';
import { taskCommands } from './task-commands.js';
import { webhookCommands } from './webhook-commands.js';
import { runForgetful, runWorker } from './workers.js';

/** Everybody who uses the program in a run. */
export type Load = Readonly<{
  followers: readonly Follower[];
  /** Has the clients send no more commands. Resolves once each knows what came of its last one. */
  stopClients(): Promise<void>;
  /** Has the workers end, with what they have at hand done. */
  stopWorkers(): Promise<void>;
  stopFollowers(): void;
}>;

export type LoadOptions = Readonly<{
  seed: number;
  users: number;
  /** How many clients each user has, and as many workers. */
  clientsEach: number;
  urls: readonly string[];
  receiver: string;
  log: Log;
}>;

/** What the followers of each user want to be told of. */
const filtersOf = (session: string) => [
  { name: 'everything', filter: {}, start: startFollower },
  { name: 'tasks', filter: { categories: ['task', 'worker'] }, start: startFollower },
  { name: 'topics', filter: { topics: ['chat.*', 'stream.forked'] }, start: startClientFollower },
  { name: 'session', filter: { sessionId: session }, start: startFollower },
];

export const startLoad = (options: LoadOptions): Load => {
  const { seed, urls, log } = options;
  const stoppingClients = new AbortController();
  const stoppingWorkers = new AbortController();
  const clients: Promise<void>[] = [];
  const workers: Promise<void>[] = [];
  const followers: Follower[] = [];
  const sorts = [
    ...[...sessionCommands, ...executionCommands, ...interruptCommands],
    ...[...taskCommands, ...forkCommands, ...webhookCommands(options.receiver)],
  ];
  const told = (error: unknown): void => {
    log.note({ log: 'incident', what: `a client gave up: ${error}` });
  };
  const urlOf = (turn: number): string => urls[turn % urls.length] as string;

  for (let u = 0; u < options.users; u++) {
    const user = `user-${u}`;
    const shared = drawFrom(seed, user).uuid();
    for (let c = 0; c < options.clientsEach; c++) {
      const client = {
        ...{ name: `${user}-client-${c}`, user, seed, urls, sorts, log },
        ...{ sharedSession: shared, stopping: stoppingClients.signal },
        beginning: beginningWith(shared, options.receiver),
      };
      clients.push(runLoadClient(client).catch(told));
      const stopping = stoppingWorkers.signal;
      const worker = { name: `${user}-worker-${c}`, user, seed, url: urlOf(c), log, stopping };
      workers.push(runWorker(worker).catch(told));
    }
    const forgetful = { name: `${user}-forgetful`, user, seed, url: urlOf(u), log };
    workers.push(runForgetful({ ...forgetful, stopping: stoppingClients.signal }).catch(told));
    for (const { name, filter, start } of filtersOf(shared)) {
      const follower: FollowerOptions = { name: `${user}-${name}`, user, filter, urls, log };
      followers.push(start(follower));
    }
  }
  return {
    followers,
    stopClients: async () => {
      stoppingClients.abort();
      await Promise.all(clients);
    },
    stopWorkers: async () => {
      stoppingWorkers.abort();
      await Promise.all(workers);
    },
    stopFollowers: () => {
      for (const follower of followers) follower.stop();
    },
  };
};

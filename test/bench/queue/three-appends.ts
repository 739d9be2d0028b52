import { EventStoreDBClient, jsonEvent, NO_STREAM } from '@eventstore/db-client';
import { removeFolder, startSharedStore, temporaryFolder } from '../../support/program.js';
import { type TaskSystem, workersOf } from '../peers/task-system.js';
import { taskEvents } from './task-events.js';

/**
 * What a task takes of anything that appends each of its three events to a stream of its own when it happens:
 * the store's client, and a store in a process of its own as Forkline's. All else is in memory, in the process
 * of the submitters.
 */
export const startThreeAppends = async (): Promise<TaskSystem> => {
  const folder = await temporaryFolder();
  const store = await startSharedStore('eventstore', folder);
  const client = EventStoreDBClient.connectionString(store.url);
  const ready: string[] = [];
  const idle: ((id: string | undefined) => void)[] = [];
  const next = async (): Promise<string | undefined> =>
    ready.shift() ?? new Promise((resolve) => idle.push(resolve));
  const append = async (id: string, what: keyof ReturnType<typeof taskEvents>, after?: bigint) => {
    const event = jsonEvent(taskEvents(id, 'mail', { id })[what]);
    await client.appendToStream(`task-${id}`, event, { expectedRevision: after ?? NO_STREAM });
  };
  return {
    name: 'three appends',
    submit: async (id) => {
      await append(id, 'submitted');
      const wake = idle.shift();
      if (wake) wake(id);
      else ready.push(id);
    },
    work: async (workers, done) => {
      const end = workersOf(workers, async (isOver) => {
        while (!isOver()) {
          const id = await next();
          if (id === undefined) continue;
          await append(id, 'claimed', 0n);
          await append(id, 'completed', 1n);
          done(id);
        }
      });
      return async () => {
        const ended = end();
        for (const wake of idle.splice(0)) wake(undefined);
        await ended;
      };
    },
    close: async () => {
      await client.dispose();
      await store.stop();
      await removeFolder(folder);
    },
  };
};

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandHandler } from '../../src/commands/handle.js';
import { execution } from '../../src/domain/execution.js';
import { session } from '../../src/domain/session.js';
import { startEventStore } from '../../src/embedded/eventstore/start.js';
import { connectEventStore } from '../../src/eventstore/db-client-event-store.js';
import type { EventStore, StoredEvent } from '../../src/eventstore/event-store.js';
import { withLineage } from '../../src/eventstore/lineage.js';
import type { ImportRequest } from '../../src/importing/carry-out.js';
import type { ImportDependencies } from '../../src/importing/import-run.js';

/** An event store of its own, and what imports into it. */
export type ImportingStore = Readonly<{
  store: EventStore;
  /** Handlers that know nothing of what others have done, as after a restart. */
  fresh: () => ImportDependencies;
  /** Every event of the streams of a user, in the order of the store. */
  eventsOf: (userId: string) => Promise<readonly StoredEvent[]>;
  stop: () => Promise<void>;
}>;

export const startImportingStore = async (): Promise<ImportingStore> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'forkline-importing-'));
  const server = await startEventStore({ dataDir });
  const store = readingToTheEnd(connectEventStore(server.url));
  return {
    store,
    fresh: () => {
      const streams = withLineage(store);
      return {
        streams,
        sessions: commandHandler(streams, session),
        executions: commandHandler(streams, execution),
      };
    },
    eventsOf: async (userId) => {
      const events: StoredEvent[] = [];
      const subscription = store.subscribe('start');
      for await (const event of subscription) {
        if (!('metadata' in event)) break;
        if (event.metadata.userId === userId) events.push(event);
      }
      subscription.close();
      return events;
    },
    stop: async () => {
      await store.close();
      await server.stop();
      await rm(dataDir, { recursive: true });
    },
  };
};

export const requestOf = (userId: string): ImportRequest => ({
  caller: { userId, admin: false },
  requestId: '0199a000-0000-7000-8000-00000000000a',
});

// A read that is left early keeps its call open, and the client waits for that when it is closed.
const readingToTheEnd = (store: EventStore): EventStore => ({
  ...store,
  read: async function* (...args) {
    const events: StoredEvent[] = [];
    for await (const event of store.read(...args)) events.push(event);
    yield* events;
  },
});

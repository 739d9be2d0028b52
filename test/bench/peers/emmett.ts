import { installPeer, type Wanted } from './install.js';
import { startPostgres } from './servers.js';

const emmett: Wanted = {
  name: 'emmett',
  packages: {
    '@event-driven-io/emmett': '0.42.0',
    '@event-driven-io/emmett-postgresql': '0.42.0',
    '@event-driven-io/pongo': '0.16.11',
    // What these want beside them.
    '@event-driven-io/dumbo': '0.12.7',
    ansis: '3.17.0',
    'async-retry': '1.3.3',
    'cli-table3': '0.6.5',
    commander: '12.1.0',
    pg: '8.16.3',
    'pg-connection-string': '2.9.1',
    uuid: '10.0.0',
  },
};

export type EmmettEvent = Readonly<{ type: string; data: object }>;

type Store = Readonly<{
  appendToStream(stream: string, events: readonly EmmettEvent[]): Promise<unknown>;
  consumer(options: object): Consumer;
  schema: { migrate(): Promise<unknown> };
  close(): Promise<void>;
}>;
type Consumer = Readonly<{
  projector(options: object): unknown;
  start(): Promise<void>;
  close(): Promise<void>;
}>;
type Handle = (
  store: Store,
  stream: string,
  decide: () => readonly EmmettEvent[],
) => Promise<unknown>;

/** As much of Emmett as is used here, over a PostgreSQL of its own. */
export type Emmett = Readonly<{
  store: Store;
  /** Reads a stream, folds it, decides, appends at the version read. */
  commandHandler(evolve: (state: object, event: EmmettEvent) => object): Handle;
  /** A read model of one document a stream. */
  projection(options: object): unknown;
  close(): Promise<void>;
}>;

/** @returns why not, when there is no PostgreSQL or Emmett cannot be installed */
export const startEmmett = async (tell: (line: string) => void): Promise<Emmett | string> => {
  const peer = await installPeer(emmett, tell);
  if (typeof peer === 'string') return `Emmett: ${peer}`;
  const core = peer.load('@event-driven-io/emmett') as {
    CommandHandler(options: object): Handle;
  };
  const postgres = peer.load('@event-driven-io/emmett-postgresql') as {
    getPostgreSQLEventStore(url: string): Store;
    pongoSingleStreamProjection(options: object): unknown;
  };
  const server = await startPostgres();
  if (typeof server === 'string') return `Emmett: ${server}`;
  const store = postgres.getPostgreSQLEventStore(server.url);
  await store.schema.migrate();
  return {
    store,
    commandHandler: (evolve) => core.CommandHandler({ evolve, initialState: () => ({}) }),
    projection: (options) => postgres.pongoSingleStreamProjection(options),
    close: async () => {
      // Its pools report connections that the server ends as errors that nobody can catch.
      process.on('uncaughtException', () => {});
      await store.close();
      await server.stop();
    },
  };
};

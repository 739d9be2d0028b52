import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startProgram, startSharedStore } from '../../support/program.js';
import { type Link, startLink } from './link.js';
import type { FaultTargets } from './plan.js';
import { type Supervised, supervise } from './supervised.js';

/** The whole of a run: both stores, the nodes, and links between them and their clients. */
export type World = Readonly<{
  folder: string;
  targets: FaultTargets;
  processes: ReadonlyMap<string, Supervised>;
  links: ReadonlyMap<string, Link>;
  /** Where clients find the nodes: addresses that stay, wherever the nodes are. */
  nodeUrls: readonly string[];
  /** The stores themselves, past all links. */
  storeUrls(): Readonly<{ eventStore: string; mongo: string }>;
  /** Sets the wall clock of a node off by so much from now on, over restarts too. */
  shiftClock(node: string, ms: number): void;
  /** Ends the nodes as an operator would. @returns their exit codes by name */
  stopNodes(): Promise<ReadonlyMap<string, number | null>>;
  stop(): Promise<void>;
  /** Leaves nothing running behind, without waiting. */
  abandon(): void;
}>;

export type WorldOptions = Readonly<{
  folder: string;
  nodes: number;
  onIncident(what: string): void;
}>;

const clock = new URL('./shifted-clock.js', import.meta.url).href;

const settings = {
  ...{ LOG_LEVEL: 'warn', LOG_FORMAT: 'json', WEBHOOK_ALLOW_PRIVATE: 'true' },
  // The last of several attempts comes within seconds: what fails each time is parked in the run.
  ...{ WEBHOOK_SCHEDULE_SECONDS: '0,0.5,1,1,2', WEBHOOK_TIMEOUT_SECONDS: '3' },
};

/** Starts everything, each in a process of its own. @throws Error when something does not start */
export const startWorld = async (options: WorldOptions): Promise<World> => {
  const { folder, onIncident } = options;
  const processes = new Map<string, Supervised>();
  const links = new Map<string, Link>();
  const nodes = Array.from({ length: options.nodes }, (_, index) => `node-${index}`);
  const stores = ['eventstore', 'mongodb'] as const;

  const link = async (name: string): Promise<Link> => {
    const made = await startLink();
    links.set(name, made);
    return made;
  };
  for (const node of nodes) {
    await link(`clients>${node}`);
    for (const store of stores) await link(`${node}>${store}`);
  }

  const superviseStore = async (which: (typeof stores)[number]): Promise<void> => {
    const process = await supervise({
      ...{ name: which, logFile: join(folder, `${which}.log`), onEnded: onIncident },
      start: () => startSharedStore(which, folder),
      onPort: (port) => {
        for (const node of nodes) links.get(`${node}>${which}`)?.leadTo(port);
      },
    });
    processes.set(which, process);
  };

  const clockFile = (node: string): string => join(folder, `${node}.clock`);
  const portOf = (name: string): number => links.get(name)?.port ?? 0;
  const superviseNode = async (node: string): Promise<void> => {
    const process = await supervise({
      ...{ name: node, logFile: join(folder, `${node}.log`), onEnded: onIncident },
      start: () =>
        startProgram(folder, {
          ...settings,
          EVENTSTORE_URL: `esdb://127.0.0.1:${portOf(`${node}>eventstore`)}?tls=false`,
          MONGODB_URL: `mongodb://127.0.0.1:${portOf(`${node}>mongodb`)}/?directConnection=true`,
          NODE_OPTIONS: `--import=${clock}`,
          FORKLINE_TORTURE_CLOCK: clockFile(node),
        }),
      onPort: (port) => links.get(`clients>${node}`)?.leadTo(port),
    });
    processes.set(node, process);
  };

  const abandon = (): void => {
    for (const process of processes.values()) process.abandon();
  };
  try {
    await Promise.all(stores.map(superviseStore));
    await Promise.all(nodes.map(superviseNode));
  } catch (error) {
    abandon();
    throw error;
  }

  const stopAll = async (names: readonly string[]) => {
    const codes = new Map<string, number | null>();
    await Promise.all(
      names.map(async (name) => codes.set(name, (await processes.get(name)?.stop()) ?? null)),
    );
    return codes;
  };
  return {
    ...{ folder, processes, links, abandon },
    targets: {
      ...{ nodes, stores },
      storeLinks: nodes.flatMap((node) => stores.map((store) => `${node}>${store}`)),
      clientLinks: nodes.map((node) => `clients>${node}`),
    },
    nodeUrls: nodes.map((node) => `http://127.0.0.1:${portOf(`clients>${node}`)}`),
    storeUrls: () => ({
      eventStore: `esdb://127.0.0.1:${processes.get('eventstore')?.port()}?tls=false`,
      mongo: `mongodb://127.0.0.1:${processes.get('mongodb')?.port()}/?directConnection=true`,
    }),
    shiftClock: (node, ms) => {
      // Never seen half written.
      const written = `${clockFile(node)}.new`;
      writeFileSync(written, String(ms));
      renameSync(written, clockFile(node));
    },
    stopNodes: () => stopAll(nodes),
    stop: async () => {
      // Of a run that could not be carried out the nodes are still there.
      for (const node of nodes) processes.get(node)?.abandon();
      await stopAll(stores);
      for (const each of links.values()) await each.stop();
    },
  };
};

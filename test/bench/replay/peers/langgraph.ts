import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Peer, Wanted } from '../../peers/install.js';
import { messageBytes, type RunCost } from '../agent-run.js';
import { median } from '../support/median.js';
import { proseOf } from '../support/prose.js';
import { timed } from '../support/timed.js';

/** Versions that fit one another: the registry may lack the newest of one that the newest of another asks for. */
export const langGraph: Wanted = {
  name: 'langgraph',
  packages: {
    '@langchain/core': '1.2.13',
    '@langchain/langgraph': '1.4.7',
    '@langchain/langgraph-checkpoint': '1.1.5',
    '@langchain/langgraph-checkpoint-sqlite': '1.0.4',
    'better-sqlite3': '12.10.0',
    zod: '4.4.3',
  },
  bindings: { 'better-sqlite3': 'build/Release/better_sqlite3.node' },
};

/** As much of LangGraph's interface as is used here. */
type Config = Readonly<{ configurable: object }>;
type Snapshot = Readonly<{
  values: Readonly<{ step: number; messages: readonly object[] }>;
  config: Config;
}>;
type Graph = Readonly<{
  invoke(input: object, config: object): Promise<unknown>;
  getState(config: object): Promise<Snapshot>;
  getStateHistory(config: object): AsyncIterable<Snapshot>;
  updateState(config: object, values: object): Promise<unknown>;
}>;
type Chain = Readonly<{
  addNode(name: string, run: (state: { step?: number }) => object): Chain;
  addEdge(from: string, to: string): Chain;
  addConditionalEdges(from: string, next: (state: { step: number }) => string): Chain;
  compile(options: object): Graph;
}>;
type LangGraph = Readonly<{
  Annotation: ((options?: object) => unknown) & Readonly<{ Root(fields: object): unknown }>;
  StateGraph: new (state: unknown) => Chain;
  START: string;
  END: string;
  MemorySaver: new () => MemorySaver;
}>;
type MemorySaver = Readonly<{ storage: unknown; writes: unknown }>;
type SqliteSaver = Readonly<{ db: { pragma(text: string): unknown; close(): void } }>;
type Sqlite = Readonly<{ SqliteSaver: { fromConnString(path: string): SqliteSaver } }>;

/** A graph of one node, which posts a message and goes on to itself until it has done so many steps. */
const graphOf = (
  { Annotation, StateGraph, START, END }: LangGraph,
  steps: number,
  checkpointer: unknown,
) => {
  const reducer = (all: readonly object[], more: readonly object[]) => all.concat(more);
  const messages = Annotation({ reducer, default: () => [] });
  return new StateGraph(Annotation.Root({ messages, step: Annotation() }))
    .addNode('agent', ({ step = 0 }) => {
      const role = step % 2 === 0 ? 'user' : 'assistant';
      return { step: step + 1, messages: [{ role, content: proseOf(step, messageBytes) }] };
    })
    .addEdge(START, 'agent')
    .addConditionalEdges('agent', ({ step }) => (step < steps ? 'agent' : END))
    .compile({ checkpointer });
};

const thread = { configurable: { thread_id: 'run' } };

/** The same run as Forkline's, in this process, with checkpoints kept as LangGraph keeps them. */
const costOf = async (
  graph: Graph,
  what: string,
  steps: number,
  rounds: number,
  bytes: () => Promise<number>,
): Promise<RunCost> => {
  await graph.invoke({ step: 0 }, { ...thread, recursionLimit: 2 * steps });
  const bytesPerStep = (await bytes()) / steps;
  const halfway: Config[] = [];
  const whole = async () => {
    for await (const { config, values } of graph.getStateHistory(thread))
      if (values.step === steps / 2) halfway.push(config);
  };
  await whole();
  const [at] = halfway;
  if (!at) throw new Error('there is no checkpoint in the middle');
  const history = await timed(3, whole);
  const state = await timed(rounds, async () => {
    const { values } = await graph.getState(at);
    if (values.messages.length !== steps / 2) throw new Error('another state was expected');
  });
  const fork = await timed(rounds, (round) => graph.updateState(at, { step: -round }));
  return {
    ...{ what, bytesPerStep },
    ...{ fork: median(fork), state: median(state), history: median(history) },
  };
};

export const inMemory = async (peers: Peer, steps: number, rounds: number): Promise<RunCost> => {
  const library = peers.load('@langchain/langgraph') as LangGraph;
  const saver = new library.MemorySaver();
  const bytes = async () => sizeOf(saver.storage) + sizeOf(saver.writes);
  return costOf(graphOf(library, steps, saver), 'LangGraph, in memory', steps, rounds, bytes);
};

export const inSqlite = async (peers: Peer, steps: number, rounds: number): Promise<RunCost> => {
  const library = peers.load('@langchain/langgraph') as LangGraph;
  const { SqliteSaver } = peers.load('@langchain/langgraph-checkpoint-sqlite') as Sqlite;
  const folder = await mkdtemp(join(tmpdir(), 'forkline-bench-'));
  const path = join(folder, 'checkpoints.db');
  const saver = SqliteSaver.fromConnString(path);
  const bytes = async () => {
    saver.db.pragma('wal_checkpoint(TRUNCATE)');
    return (await stat(path)).size;
  };
  const graph = graphOf(library, steps, saver);
  const cost = await costOf(graph, 'LangGraph, SQLite', steps, rounds, bytes);
  saver.db.close();
  await rm(folder, { recursive: true });
  return cost;
};

/** How many bytes there are in something made of objects, lists, text and bytes. */
const sizeOf = (value: unknown): number => {
  if (value instanceof Uint8Array) return value.length;
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, each) => sum + sizeOf(each), 0);
};

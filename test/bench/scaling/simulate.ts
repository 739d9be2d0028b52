import { type BatchServer, inBatches, oneByOne, percentilesOf } from './queueing.js';
import { exponential, seeded } from './seeded.js';

/** What is simulated: commands come to nodes, are appended, and their events are folded. */
export type System = Readonly<{
  /** Of all nodes together. */
  commandsPerSecond: number;
  /** That serve commands. */
  nodes: number;
  /** What a command takes at its node. */
  commandMs: number;
  /** Whether commands take just so long, or vary as exponentially distributed times do. */
  service: 'even' | 'exponential';
  eventsPerCommand: number;
  store: BatchServer;
  /** The read models. Each of several has a part of the streams, and no event is of two. */
  folding: BatchServer;
  foldingNodes: number;
}>;

/** How things went, in milliseconds. */
export type Outcome = Readonly<{
  commands: number;
  folded: number;
  /** From a command's arrival until it is answered. */
  latency: Spread;
  /** From the moment an event is there until the read models have it. */
  lag: Spread;
  /** How much of the time nodes were busy. */
  busy: number;
}>;

export type Spread = Readonly<{ mean: number; p50: number; p95: number; p99: number }>;

/** The first part of each run does not count: queues are empty to begin with. */
const warmUpShare = 0.1;

/**
 * Simulates so many commands that arrive independently of one another (a Poisson process). Parts follow
 * one another and nothing goes back, so each part can be gone through after the one before it.
 *
 * @param seed the same for the same outcome
 */
export const simulate = (system: System, commands: number, seed = 1): Outcome => {
  const { nodes, commandMs, service, store, folding, foldingNodes } = system;
  const random = seeded(seed);
  const queues = Array.from({ length: nodes }, (): number[] => []);
  let now = 0;
  for (let n = 0; n < commands; n++) {
    now += exponential(random, 1_000 / system.commandsPerSecond);
    // A balancer that knows nothing of them.
    queues[Math.floor(random() * nodes)]?.push(now);
  }
  const serviceMs = () => (service === 'even' ? commandMs : exponential(random, commandMs));
  const decided = queues
    .flatMap((came) => oneByOne(came, serviceMs))
    .sort((a, b) => a.left - b.left);
  const appended = inBatches(
    decided.map(({ left }) => left),
    store,
  );
  const answered = appended.map(({ left }, n) => ({ came: decided[n]?.came ?? left, left }));
  const parts = Array.from({ length: foldingNodes }, (): number[] => []);
  for (const { left } of answered) {
    const part = parts[Math.floor(random() * foldingNodes)];
    for (let n = 0; n < system.eventsPerCommand; n++) part?.push(left);
  }
  const folded = parts.flatMap((came) => inBatches(came, folding));
  const begun = now * warmUpShare;
  return {
    commands: answered.length,
    folded: folded.length,
    latency: spreadOf(answered, begun),
    lag: spreadOf(folded, begun),
    busy: (commands * commandMs) / nodes / now,
  };
};

const spreadOf = (
  passages: readonly Readonly<{ came: number; left: number }>[],
  begun: number,
): Spread => {
  const times = passages.filter(({ came }) => came >= begun).map(({ came, left }) => left - came);
  const [p50 = Number.NaN, p95 = Number.NaN, p99 = Number.NaN] = percentilesOf(times, shares);
  return { mean: times.reduce((sum, time) => sum + time, 0) / times.length, p50, p95, p99 };
};
const shares = [0.5, 0.95, 0.99];

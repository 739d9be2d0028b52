import { type Draw, drawFrom } from '../draw.js';

/** A fault: what, on what, for how long and when, in milliseconds since the load began. */
export type PlannedFault = Readonly<{
  n: number;
  kind: FaultKind;
  /** A node, a store, or a link, such as `node-1`, `mongodb` and `node-1>mongodb`. */
  on: string;
  atMs: number;
  /** For how long it is so; of a jump of the clock, by how far it is then off. */
  ms: number;
}>;

export type FaultKind =
  | 'kill'
  | 'pause'
  | 'clock-jump'
  | 'cut'
  | 'refuse'
  | 'stall'
  | 'lose-answers';

export type FaultTargets = Readonly<{
  nodes: readonly string[];
  stores: readonly string[];
  /** From nodes to stores. */
  storeLinks: readonly string[];
  /** From clients to nodes. */
  clientLinks: readonly string[];
}>;

type Sort = Readonly<{
  kind: FaultKind;
  weight: number;
  on: (targets: FaultTargets) => readonly string[];
  ms: (draw: Draw) => number;
}>;

const hour = 3_600_000;
const nodes = ({ nodes }: FaultTargets) => nodes;
const stores = ({ stores }: FaultTargets) => stores;
const storeLinks = ({ storeLinks }: FaultTargets) => storeLinks;
const clientLinks = ({ clientLinks }: FaultTargets) => clientLinks;

/** Leases of tasks are 3 s in a run, that of the read models is 4 s: some pauses are longer than both. */
const pauseMs = (draw: Draw): number =>
  draw.chance(0.3) ? draw.between(6_000, 9_000) : draw.between(200, 2_500);
const jumps = [-26 * hour, -hour, -20_000, -1_500, 1_500, 20_000, hour, 26 * hour];

const sorts: readonly Sort[] = [
  { kind: 'kill', weight: 2, on: nodes, ms: (draw) => draw.between(0, 2_000) },
  { kind: 'kill', weight: 1, on: stores, ms: (draw) => draw.between(0, 1_500) },
  { kind: 'pause', weight: 1.5, on: nodes, ms: pauseMs },
  { kind: 'pause', weight: 1, on: stores, ms: (draw) => draw.between(200, 4_000) },
  { kind: 'clock-jump', weight: 2, on: nodes, ms: (draw) => draw.of(jumps) },
  { kind: 'cut', weight: 3, on: storeLinks, ms: () => 0 },
  { kind: 'cut', weight: 3, on: clientLinks, ms: () => 0 },
  { kind: 'refuse', weight: 1, on: storeLinks, ms: (draw) => draw.between(200, 3_000) },
  { kind: 'stall', weight: 1.5, on: storeLinks, ms: (draw) => draw.between(200, 4_000) },
  { kind: 'stall', weight: 1, on: clientLinks, ms: (draw) => draw.between(200, 4_000) },
  { kind: 'lose-answers', weight: 6, on: storeLinks, ms: (draw) => draw.between(20, 400) },
  { kind: 'lose-answers', weight: 4, on: clientLinks, ms: (draw) => draw.between(20, 400) },
];

/** How long after one fault the next one begins, in parts of the time between two on average. */
const gap = (draw: Draw): number => 0.2 + draw.number() * 1.6;
const leadInMs = 2_000;

/**
 * The faults of a run, in order. The same for the same seed, targets and rate; a longer run begins
 * like a shorter one.
 *
 * @param aMinute how many there are in a minute, on average; none when 0
 */
export const planFaults = (
  seed: number,
  targets: FaultTargets,
  lengthMs: number,
  aMinute: number,
): readonly PlannedFault[] => {
  const draw = drawFrom(seed, 'faults');
  const planned: PlannedFault[] = [];
  const meanMs = 60_000 / aMinute;
  for (let atMs = leadInMs; atMs < lengthMs && aMinute > 0; atMs += gap(draw) * meanMs) {
    const { kind, on, ms } = draw.weighted(sorts);
    planned.push({
      n: planned.length,
      kind,
      on: draw.of(on(targets)),
      atMs: Math.round(atMs),
      ms: ms(draw),
    });
  }
  return planned;
};

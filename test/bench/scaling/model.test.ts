import { describe, expect, it } from '@jest/globals';
import { type Costs, costs } from './costs.js';
import { growthOf, powersOfTen } from './growth.js';
import { inBatches, oneByOne, percentilesOf } from './queueing.js';
import { exponential, seeded } from './seeded.js';
import { type System, simulate } from './simulate.js';
import { anAgent, busiest, limitsOf, loadOf, neededFor } from './sizing.js';

const instant = { batchMs: 0, eachMs: 0, most: 1_000, gatherMs: 0 };
const lone: System = {
  ...{ commandsPerSecond: 70, nodes: 1, commandMs: 10, service: 'even' },
  ...{ eventsPerCommand: 1, store: instant, folding: instant, foldingNodes: 1 },
};
const many = 60_000;

describe('a simulation', () => {
  it('waits as the formula for one server of even times says (M/D/1)', () => {
    for (const load of [0.3, 0.7, 0.85]) {
      const { latency, busy } = simulate({ ...lone, commandsPerSecond: load * 100 }, many);
      const waits = (load * lone.commandMs) / (2 * (1 - load));
      expect(latency.mean / (lone.commandMs + waits)).toBeCloseTo(1, 1);
      expect(Math.abs((latency.mean - lone.commandMs) / waits - 1)).toBeLessThan(0.05);
      expect(busy).toBeCloseTo(load, 2);
    }
  });

  it('waits as the formula for one server of random times says, in mean and percentiles (M/M/1)', () => {
    const { latency } = simulate({ ...lone, service: 'exponential' }, many);
    // The time in the system is exponential too, with this mean.
    const mean = lone.commandMs / (1 - 0.7);
    expect(Math.abs(latency.mean / mean - 1)).toBeLessThan(0.05);
    expect(Math.abs(latency.p50 / (mean * Math.log(2)) - 1)).toBeLessThan(0.05);
    expect(Math.abs(latency.p95 / (mean * Math.log(20)) - 1)).toBeLessThan(0.07);
  });

  it('shares commands over nodes, each of which waits as if it were alone', () => {
    const four = simulate({ ...lone, commandsPerSecond: 280, nodes: 4 }, many);
    const one = simulate(lone, many);
    expect(Math.abs(four.latency.mean / one.latency.mean - 1)).toBeLessThan(0.05);
  });

  it('takes what the parts take where nothing else is there to wait for', () => {
    const { latency, lag } = simulate(
      {
        ...lone,
        commandsPerSecond: 0.001,
        store: { ...instant, batchMs: 2, eachMs: 1 },
        folding: { ...instant, batchMs: 4, eachMs: 1, gatherMs: 20 },
      },
      1_000,
    );
    expect(latency.p50).toBeCloseTo(13, 6);
    expect(latency.p99).toBeCloseTo(13, 6);
    expect(lag.mean).toBeCloseTo(25, 6);
  });

  it('answers every command and folds every event, at any load', () => {
    for (const commandsPerSecond of [1, 99, 1_000])
      for (const foldingNodes of [1, 3]) {
        const outcome = simulate(
          { ...lone, commandsPerSecond, eventsPerCommand: 2, foldingNodes },
          5_000,
        );
        expect(outcome).toMatchObject({ commands: 5_000, folded: 10_000 });
      }
  });

  it('lags without end where more is written than one node folds, and not where two share it', () => {
    const folding = { ...instant, eachMs: 12 };
    const system = { ...lone, commandsPerSecond: 90, nodes: 4, folding };
    const [short, long] = [simulate(system, 2_000), simulate(system, 20_000)];
    expect(long.lag.p99 / short.lag.p99).toBeGreaterThan(5);
    const shared = { ...system, foldingNodes: 2 };
    expect(simulate(shared, 20_000).lag.p99).toBeLessThan(short.lag.p99 / 2);
  });

  it('comes out the same for the same seed alone', () => {
    expect(simulate(lone, 1_000, 7)).toEqual(simulate(lone, 1_000, 7));
    expect(simulate(lone, 1_000, 7)).not.toEqual(simulate(lone, 1_000, 8));
  });
});

describe('queues', () => {
  it('serve one by one in their order', () => {
    expect(oneByOne([0, 1, 20], () => 5)).toEqual([
      { came: 0, left: 5 },
      { came: 1, left: 10 },
      { came: 20, left: 25 },
    ]);
  });

  it('take together what has come meanwhile, and no more than there is room for', () => {
    const server = { batchMs: 10, eachMs: 1, most: 2, gatherMs: 0 };
    expect(inBatches([0, 1, 2, 3], server).map(({ left }) => left)).toEqual([11, 23, 23, 34]);
  });

  it('wait for more as long as they are told to, or until a batch is full', () => {
    const server = { batchMs: 10, eachMs: 0, most: 2, gatherMs: 5 };
    expect(inBatches([0, 1, 100], server).map(({ left }) => left)).toEqual([11, 11, 115]);
  });

  it('have percentiles', () => {
    expect(percentilesOf([3, 1, 2, 4], [0, 0.5, 0.99])).toEqual([1, 3, 4]);
    expect(percentilesOf([], [0.5])).toEqual([]);
  });
});

describe('random numbers', () => {
  it('are spread evenly, and exponentially about their mean', () => {
    const random = seeded(3);
    const numbers = Array.from({ length: many }, random);
    expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
    expect(numbers.reduce((sum, number) => sum + number, 0) / many).toBeCloseTo(0.5, 2);
    const times = numbers.map(() => exponential(random, 4));
    expect(times.reduce((sum, time) => sum + time, 0) / many).toBeCloseTo(4, 1);
  });
});

/** Figures that can be reckoned with in one's head. */
const round: Costs = {
  ...costs,
  commandMs: { ...costs.commandMs, figure: 1 },
  readMs: { ...costs.readMs, figure: 2 },
  followMs: { ...costs.followMs, figure: 0.1 },
  foldMs: { ...costs.foldMs, figure: 0.5 },
  appendMs: { ...costs.appendMs, figure: 0.2 },
  documentsMs: { ...costs.documentsMs, figure: 0.4 },
  deliveryMs: { ...costs.deliveryMs, figure: 0.01 },
  documentsAnEvent: { ...costs.documentsAnEvent, figure: 3 },
  bytesAnEvent: { ...costs.bytesAnEvent, figure: 1_000 },
  bytesADelivery: { ...costs.bytesADelivery, figure: 1_000 },
  eventStoreLimit: { ...costs.eventStoreLimit, figure: 20_000 },
  mongoLimit: { ...costs.mongoLimit, figure: 10_000 },
};
const plain = { ...anAgent, stepsPerSecond: 1, tasksPerStep: 0, clientsPerSession: 10 };

describe('sizing', () => {
  it('adds up what a hundred agents make each part do', () => {
    const load = loadOf({ ...plain, agents: 100 }, round);
    expect(load).toMatchObject({ commandsPerSecond: 200, eventsPerSecond: 200 });
    expect(load.servingCores).toBeCloseTo(0.2 + 0.2 + 0.02, 10);
    expect(load.followingCores).toBeCloseTo(0.02, 10);
    expect(load.foldingCores).toBeCloseTo(0.1, 10);
    expect(load.mongoWritesPerSecond).toBe(600);
    expect(load.feedMBPerSecond).toBeCloseTo(2, 10);
    expect(load.diskGiBPerDay).toBeCloseTo((200 * 86_400 * 1_000) / 1024 ** 3, 10);
    expect(neededFor(load, round)).toEqual({
      ...{ servingNodes: 1, foldingNodes: 1, eventStoreShare: 0.01, mongoShards: 1 },
    });
  });

  it('needs no more than one of each where nothing is to do', () => {
    const load = loadOf({ ...plain, agents: 0 }, round);
    expect(Object.values(load).every((each) => each === 0)).toBe(true);
    expect(neededFor(load, round)).toMatchObject({ servingNodes: 1, foldingNodes: 1 });
  });

  it('keeps every serving node at or below what it may be loaded to, the events of others included', () => {
    for (const agents of [700, 1_000, 2_600]) {
      const load = loadOf({ ...plain, agents }, round);
      const { servingNodes } = neededFor(load, round);
      const busy = load.servingCores / servingNodes + load.followingCores;
      expect(busy).toBeLessThanOrEqual(busiest);
      const oneLess = load.servingCores / (servingNodes - 1) + load.followingCores;
      expect(oneLess).toBeGreaterThan(busiest);
    }
  });

  it('says that no number of nodes is enough once hearing all events is all that a node can do', () => {
    const load = loadOf({ ...plain, agents: 3_000 }, round);
    expect(neededFor(load, round).servingNodes).toBe(Number.POSITIVE_INFINITY);
  });

  it('names what breaks in its order', () => {
    const limits = limitsOf(plain, round);
    const [first, second] = limits;
    expect(first).toMatchObject({ part: 'one node alone, serving and folding', agents: 111 });
    expect(second).toEqual({
      ...{ part: 'one node folds all read models', agents: 500, eventsPerSecond: 1_000 },
    });
    expect(limits.map(({ agents }) => agents)).toEqual(
      limits.map(({ agents }) => agents).toSorted((a, b) => a - b),
    );
  });
});

describe('growth', () => {
  it('is measured at powers of ten, as often at each, and stated beside the smallest', async () => {
    expect(powersOfTen(10, 5_000)).toEqual([10, 100, 1_000]);
    const asked: number[] = [];
    const [growth] = await growthOf(
      'things',
      [1, 2],
      { look: async (size) => asked.push(size) },
      3,
    );
    expect(growth?.ratios[0]).toBe(1);
    expect(growth).toMatchObject({ what: 'look', against: 'things', sizes: [1, 2] });
    expect(asked.filter((size) => size === 1).length).toBe(asked.length / 2);
  });
});

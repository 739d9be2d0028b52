import type { Costs } from './costs.js';

/** What is asked of an installation. */
export type Traffic = Readonly<{
  agents: number;
  /** Of each agent: a call of a model or a tool, with what is recorded of it. */
  stepsPerSecond: number;
  /** Each is one append, on a stream of its own choice. */
  commandsPerStep: number;
  eventsPerStep: number;
  readsPerStep: number;
  /** Submitted, claimed and completed. */
  tasksPerStep: number;
  /** Who watch each agent on the feed. */
  clientsPerSession: number;
}>;

/** An agent that takes a step every two seconds, as one that waits for a language model does. */
export const anAgent: Traffic = {
  ...{ agents: 1, stepsPerSecond: 0.5, commandsPerStep: 2, eventsPerStep: 2 },
  ...{ readsPerStep: 1, tasksPerStep: 0.1, clientsPerSession: 1 },
};

/** What each part has to do. */
export type Load = Readonly<{
  commandsPerSecond: number;
  eventsPerSecond: number;
  /** Of nodes that serve, in cores, without what each does for events of others. */
  servingCores: number;
  /** Of each node, for the events of all: it hears them all. */
  followingCores: number;
  foldingCores: number;
  eventStoreCores: number;
  /** At most: appends that come together are flushed together. */
  flushesPerSecond: number;
  mongoWritesPerSecond: number;
  mongoCores: number;
  diskGiBPerDay: number;
  feedMBPerSecond: number;
}>;

/** How many of each part are needed; not finite where no number is enough. */
export type Needed = Readonly<{
  servingNodes: number;
  /** Today there can be one: more is what a partition of streams would need. */
  foldingNodes: number;
  /** Of the events store's limit, as its vendor states it. 1 is all of it. */
  eventStoreShare: number;
  mongoShards: number;
}>;

/** Parts are loaded to this share at most: from there on queues grow faster than the load. */
export const busiest = 0.6;
const secondsADay = 86_400;

/** What traffic makes each part do. */
export const loadOf = (traffic: Traffic, costs: Costs): Load => {
  const { agents, clientsPerSession, tasksPerStep } = traffic;
  const steps = agents * traffic.stepsPerSecond;
  const tasks = steps * tasksPerStep;
  const commandsPerSecond = steps * traffic.commandsPerStep + tasks * costs.appendsATask.figure;
  const eventsPerSecond = steps * traffic.eventsPerStep + tasks * costs.appendsATask.figure;
  const deliveries = eventsPerSecond * clientsPerSession;
  const cores = (perSecond: number, ms: number) => (perSecond * ms) / 1_000;
  return {
    ...{ commandsPerSecond, eventsPerSecond },
    servingCores:
      cores(steps * traffic.commandsPerStep, costs.commandMs.figure) +
      cores(steps * traffic.readsPerStep, costs.readMs.figure) +
      cores(tasks, costs.taskMs.figure) +
      cores(deliveries, costs.deliveryMs.figure),
    followingCores: cores(eventsPerSecond, costs.followMs.figure),
    foldingCores: cores(eventsPerSecond, costs.foldMs.figure),
    eventStoreCores: cores(commandsPerSecond, costs.appendMs.figure),
    flushesPerSecond: Math.min(commandsPerSecond, 1_000 / costs.flushMs.figure),
    mongoWritesPerSecond: eventsPerSecond * costs.documentsAnEvent.figure,
    mongoCores: cores(eventsPerSecond, costs.documentsMs.figure),
    diskGiBPerDay: (eventsPerSecond * secondsADay * costs.bytesAnEvent.figure) / 1024 ** 3,
    feedMBPerSecond: (deliveries * costs.bytesADelivery.figure) / 1e6,
  };
};

/** How many of each part keep the load of each at or below {@link busiest}. */
export const neededFor = (load: Load, costs: Costs): Needed => {
  // What a node has left once it has heard all events.
  const left = busiest - load.followingCores;
  const nodes = (cores: number) =>
    left <= 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.ceil(cores / left));
  return {
    servingNodes: nodes(load.servingCores),
    // A partition's node is sent its own streams' events and no others.
    foldingNodes: Math.max(1, Math.ceil((load.foldingCores + load.followingCores) / busiest)),
    eventStoreShare: load.commandsPerSecond / costs.eventStoreLimit.figure,
    mongoShards: Math.max(
      1,
      Math.ceil(load.mongoWritesPerSecond / (busiest * costs.mongoLimit.figure)),
    ),
  };
};

/** A part, and the events a second at which it is as busy as it should ever be. */
export type Limit = Readonly<{ part: string; eventsPerSecond: number; agents: number }>;

/** What is reached first as traffic of a kind grows, and what after it. Serving nodes are not among them: they can be more. */
export const limitsOf = (traffic: Traffic, costs: Costs): readonly Limit[] => {
  const load = loadOf({ ...traffic, agents: 1 }, costs);
  const at = (part: string, shareOfOneAgent: number): Limit => {
    const agents = Math.floor(busiest / shareOfOneAgent + 1e-9);
    return { part, agents, eventsPerSecond: Math.round(agents * load.eventsPerSecond) };
  };
  const alone = load.servingCores + load.followingCores + load.foldingCores;
  return [
    at('one node alone, serving and folding', alone),
    at('one node folds all read models', load.foldingCores + load.followingCores),
    at('every node hears every event', load.followingCores),
    at('embedded event store, one core', load.eventStoreCores),
    at('embedded MongoDB, one core', load.mongoCores),
    at('EventStoreDB, one leader', load.commandsPerSecond / costs.eventStoreLimit.figure),
    at('MongoDB, one primary', load.mongoWritesPerSecond / costs.mongoLimit.figure),
  ].sort((a, b) => a.agents - b.agents);
};

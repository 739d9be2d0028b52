/** A figure that the model reckons with, and where it is from. */
export type Cost = Readonly<{ what: string; figure: number; unit: string; from: string }>;

const cpuCosts = 'cpu-costs.js --times 1500, 16 in flight';

/**
 * Taken on two cores with some twenty others waiting for them, where what nodes do while idle is about as
 * much as what they are asked to do: to be replaced by those of a machine with nothing else to do.
 */
export const costs = {
  commandMs: {
    what: 'command at its node, its event not heard yet',
    ...{ figure: 1.03, unit: 'ms of CPU', from: `${cpuCosts}: 1.27, less an event heard` },
  },
  readMs: {
    what: 'page of 20 messages',
    ...{ figure: 1.62, unit: 'ms of CPU', from: cpuCosts },
  },
  followMs: {
    what: 'event at every node, which hears it',
    ...{ figure: 0.23, unit: 'ms of CPU', from: `${cpuCosts}; feed/fan-out.js` },
  },
  foldMs: {
    what: 'event at the node that folds, besides',
    ...{ figure: 0.38, unit: 'ms of CPU', from: `${cpuCosts}: 0.61, less an event heard` },
  },
  foldBatchMs: {
    what: 'batch of events, besides',
    ...{ figure: 1.1, unit: 'ms of CPU', from: 'cpu-costs.js: 1 in flight beside 16' },
  },
  appendMs: {
    what: 'append at the embedded event store, three nodes hearing it',
    ...{ figure: 0.35, unit: 'ms of CPU', from: cpuCosts },
  },
  documentsMs: {
    what: 'event at the embedded MongoDB',
    ...{ figure: 0.55, unit: 'ms of CPU', from: cpuCosts },
  },
  deliveryMs: {
    what: 'delivery of an event to a client',
    ...{ figure: 0.004, unit: 'ms of CPU', from: 'feed/fan-out.js: 10 clients beside 100' },
  },
  taskMs: {
    what: 'task submitted, claimed, completed',
    ...{ figure: 3.1, unit: 'ms of CPU', from: 'as three commands' },
  },
  appendsATask: {
    what: 'appends a task',
    ...{ figure: 3, unit: '', from: 'it is submitted, claimed, completed' },
  },
  documentsAnEvent: {
    what: 'documents written an event',
    ...{ figure: 4, unit: '', from: 'MessagePosted is in sessions, messages, streams, audit' },
  },
  bytesAnEvent: {
    what: 'disk an event, both stores',
    ...{
      figure: 2_600,
      unit: 'bytes',
      from: 'storage/bytes-per-step.js --steps 200: 5,140 a step of two',
    },
  },
  bytesADelivery: {
    what: 'an event on the feed',
    ...{ figure: 1_000, unit: 'bytes', from: 'estimated, of a message of some 300 letters' },
  },
  flushMs: {
    what: 'flush of the event store',
    ...{ figure: 2, unit: 'ms', from: "EventStoreDB's MinFlushDelayMs, by default" },
  },
  eventStoreLimit: {
    what: 'EventStoreDB, one leader',
    ...{ figure: 20_000, unit: 'transactions/s', from: "the vendor's sizing guide" },
  },
  mongoLimit: {
    what: 'MongoDB, one primary',
    ...{ figure: 20_000, unit: 'writes/s', from: 'assumed; the vendor states none' },
  },
} as const satisfies Readonly<Record<string, Cost>>;

export type Costs = Readonly<Record<keyof typeof costs, Cost>>;

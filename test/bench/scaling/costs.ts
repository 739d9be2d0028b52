/** A figure that the model reckons with, and where it is from. */
export type Cost = Readonly<{ what: string; figure: number; unit: string; from: string }>;

const cpuCosts = 'cpu-costs.js, 16 in flight';

/** The machine they were measured on was shared and busy: CPU time is less sensitive to that than time, but not insensitive. */
export const costs = {
  commandMs: {
    what: 'command at its node',
    ...{ figure: 1, unit: 'ms of CPU', from: cpuCosts },
  },
  readMs: {
    what: 'page of 20 messages',
    ...{ figure: 1, unit: 'ms of CPU', from: cpuCosts },
  },
  followMs: {
    what: 'event at a node that only hears it',
    ...{ figure: 0.1, unit: 'ms of CPU', from: cpuCosts },
  },
  foldMs: {
    what: 'event at the node that folds',
    ...{ figure: 0.5, unit: 'ms of CPU', from: cpuCosts },
  },
  foldBatchMs: {
    what: 'batch of events, besides',
    ...{ figure: 3, unit: 'ms of CPU', from: 'cpu-costs.js, 1 in flight' },
  },
  appendMs: {
    what: 'append at the embedded event store',
    ...{ figure: 0.3, unit: 'ms of CPU', from: cpuCosts },
  },
  documentsMs: {
    what: 'event at the embedded MongoDB',
    ...{ figure: 0.5, unit: 'ms of CPU', from: cpuCosts },
  },
  deliveryMs: {
    what: 'delivery of an event to a client',
    ...{ figure: 0.01, unit: 'ms of CPU', from: 'feed/fan-out.js' },
  },
  taskMs: {
    what: 'task submitted, claimed, completed',
    ...{ figure: 3, unit: 'ms of CPU', from: 'queue/throughput.js' },
  },
  appendsATask: {
    what: 'appends a task',
    ...{ figure: 3, unit: '', from: 'TaskSubmitted, TaskClaimed, TaskCompleted' },
  },
  documentsAnEvent: {
    what: 'documents written an event',
    ...{
      figure: 3,
      unit: '',
      from: 'projections: MessagePosted is in sessions, messages, streams',
    },
  },
  bytesAnEvent: {
    what: 'disk an event, both stores',
    ...{ figure: 3_000, unit: 'bytes', from: 'storage/bytes-per-step.js' },
  },
  bytesADelivery: {
    what: 'an event on the feed',
    ...{ figure: 1_000, unit: 'bytes', from: 'feed/fan-out.js: a message of 300 letters' },
  },
  flushMs: {
    what: 'flush of the event store',
    ...{ figure: 2, unit: 'ms', from: 'assumed, of a network disk with SSDs' },
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

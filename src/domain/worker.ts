import { type Decider, type Decision, evolveWith, type Fact, reject } from './decider.js';
import {
  detached,
  type ForkOrigin,
  originOf,
  type StreamDetached,
  type StreamForked,
} from './fork.js';
import { isSameJson } from './json.js';
import type { Moment } from './time.js';

// Events. Names and fields are the storage format. Heartbeats are measurements, and not among them.

type Registered = {
  userId: string;
  /** Names of queues; one may end in `*` and stands for all that begin so. */
  queues: readonly string[];
  maxConcurrentTasks: number;
  heartbeatSeconds: number;
};

export type WorkerEvent =
  | Fact<'WorkerRegistered', Registered>
  | Fact<'WorkerStopRequested'>
  | Fact<'WorkerStopped'>
  | Fact<'WorkerLost', { lastHeartbeatAt?: Moment }>
  | StreamForked
  | StreamDetached;

// State.

/** `stopping` has been asked to stop, and has not said that it did. */
export type WorkerStatus = 'active' | 'stopping' | 'stopped' | 'lost';

export type LiveWorker = Readonly<
  Registered & {
    status: WorkerStatus;
    /** Whether it was asked to stop since it registered; a lost one learns of it when it is back. */
    stopRequested: boolean;
    forkedFrom?: ForkOrigin;
  }
>;

export type Worker = Readonly<{ status: 'absent' }> | LiveWorker;

// Commands.

export type WorkerCommand =
  | Readonly<{ type: 'RegisterWorker' } & Registered>
  /** It has been heard from. */
  | Readonly<{ type: 'KeepWorker' }>
  | Readonly<{ type: 'RequestWorkerStop' }>
  | Readonly<{ type: 'StopWorker' }>
  /** It has not been heard from for too long. */
  | Readonly<{ type: 'LoseWorker'; lastHeartbeatAt?: Moment }>;

export type WorkerRejection = 'worker-not-found' | 'worker-already-exists' | 'worker-stopped';

type WorkerDecision = Decision<WorkerEvent, WorkerRejection>;

// Rules.

const stopRequest: WorkerEvent = { type: 'WorkerStopRequested', data: {} };

/** A worker comes back under its own id: after a stop, a loss, or with other queues. */
const register = (
  { type: _, ...registered }: Extract<WorkerCommand, { type: 'RegisterWorker' }>,
  worker: Worker,
): WorkerDecision => {
  if (worker.status !== 'absent') {
    if (worker.userId !== registered.userId) return reject('worker-already-exists');
    if (worker.status === 'active' && isSameJson(registeredAs(worker), registered)) return [];
  }
  return [{ type: 'WorkerRegistered', data: registered }];
};

const registeredAs = (worker: LiveWorker): Registered => {
  const { userId, queues, maxConcurrentTasks, heartbeatSeconds } = worker;
  return { userId, queues, maxConcurrentTasks, heartbeatSeconds };
};

/** One that was lost is back as it was, and still to stop if it was asked to. */
const keep = (worker: LiveWorker): WorkerDecision => {
  const { status, stopRequested } = worker;
  if (status === 'stopped') return reject('worker-stopped');
  if (status !== 'lost') return [];
  const back: WorkerEvent = { type: 'WorkerRegistered', data: registeredAs(worker) };
  return stopRequested ? [back, stopRequest] : [back];
};

const decide = (command: WorkerCommand, worker: Worker): WorkerDecision => {
  if (command.type === 'RegisterWorker') return register(command, worker);
  if (worker.status === 'absent') return reject('worker-not-found');
  const { status, stopRequested } = worker;
  switch (command.type) {
    case 'KeepWorker':
      return keep(worker);
    case 'RequestWorkerStop':
      return status === 'stopped' || stopRequested ? [] : [stopRequest];
    case 'StopWorker':
      return status === 'stopped' ? [] : [{ type: 'WorkerStopped', data: {} }];
    case 'LoseWorker': {
      const { type: _, ...data } = command;
      return status === 'active' || status === 'stopping' ? [{ type: 'WorkerLost', data }] : [];
    }
  }
};

// Evolution. Events other than the first mean nothing to a worker that is not there.

const onLive =
  (change: (worker: LiveWorker) => Partial<LiveWorker>) =>
  (worker: Worker): Worker =>
    worker.status === 'absent' ? worker : { ...worker, ...change(worker) };

/** A process that carries out tasks: what it takes, and whether it is there. */
export const worker: Decider<WorkerCommand, Worker, WorkerEvent, WorkerRejection> = {
  category: 'worker',
  initial: { status: 'absent' },
  decide,
  ownerOf: (state) => (state.status === 'absent' ? undefined : state.userId),
  correlationOf: () => undefined,
  notFound: 'worker-not-found',

  evolve: evolveWith<Worker, WorkerEvent>({
    WorkerRegistered: (before, data) => ({
      ...before,
      ...data,
      status: 'active',
      stopRequested: false,
    }),
    WorkerStopRequested: onLive(({ status }) => ({
      status: status === 'lost' ? 'lost' : 'stopping',
      stopRequested: true,
    })),
    WorkerStopped: onLive(() => ({ status: 'stopped', stopRequested: false })),
    WorkerLost: onLive(() => ({ status: 'lost' })),
    // A fork has a worker's past, and no process.
    StreamForked: (worker, { ancestry }) => {
      const forkedFrom = originOf(ancestry);
      return worker.status === 'absent' || !forkedFrom
        ? worker
        : { ...worker, status: 'stopped', stopRequested: false, forkedFrom };
    },
    StreamDetached: onLive(detached),
  }),
};

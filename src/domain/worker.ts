import { type Decider, type Decision, evolveWith, type Fact, reject } from './decider.js';
import { type Origin, originOf, type StreamForked } from './fork.js';
import { isSameJson } from './json.js';

// Events. Names and fields are the storage format. Heartbeats are measurements, and not among them.

type Registered = {
  userId: string;
  queues: readonly string[];
  maxConcurrentTasks: number;
  heartbeatSeconds: number;
};

export type WorkerEvent =
  | Fact<'WorkerRegistered', Registered>
  | Fact<'WorkerStopRequested'>
  | Fact<'WorkerStopped'>
  | Fact<'WorkerLost'>
  | StreamForked;

// State.

export type WorkerStatus = 'active' | 'stopping' | 'stopped' | 'lost';

export type LiveWorker = Readonly<Registered & { status: WorkerStatus; forkedFrom?: Origin }>;

export type Worker = Readonly<{ status: 'absent' }> | LiveWorker;

// Commands.

export type WorkerCommand =
  | Readonly<{ type: 'RegisterWorker' } & Registered>
  | Readonly<{ type: 'RequestWorkerStop' }>
  | Readonly<{ type: 'StopWorker' }>
  | Readonly<{ type: 'LoseWorker' }>;

export type WorkerRejection = 'worker-not-found' | 'worker-already-exists';

type WorkerDecision = Decision<WorkerEvent, WorkerRejection>;

// Rules.

/** A worker comes back under its own id: after a stop, a loss, or with other queues. */
const register = (
  { type: _, ...registered }: Extract<WorkerCommand, { type: 'RegisterWorker' }>,
  worker: Worker,
): WorkerDecision => {
  if (worker.status !== 'absent') {
    const { status, forkedFrom, ...before } = worker;
    if (before.userId !== registered.userId) return reject('worker-already-exists');
    if (status === 'active' && isSameJson(before, registered)) return [];
  }
  return [{ type: 'WorkerRegistered', data: registered }];
};

const decide = (command: WorkerCommand, worker: Worker): WorkerDecision => {
  if (command.type === 'RegisterWorker') return register(command, worker);
  if (worker.status === 'absent') return reject('worker-not-found');
  const { status } = worker;
  switch (command.type) {
    case 'RequestWorkerStop':
      return status === 'active' ? [{ type: 'WorkerStopRequested', data: {} }] : [];
    case 'StopWorker':
      return status === 'stopped' ? [] : [{ type: 'WorkerStopped', data: {} }];
    case 'LoseWorker':
      return status === 'active' || status === 'stopping' ? [{ type: 'WorkerLost', data: {} }] : [];
  }
};

// Evolution.

const to =
  (status: WorkerStatus) =>
  (worker: Worker): Worker =>
    worker.status === 'absent' ? worker : { ...worker, status };

/** A process that carries out tasks: what it takes, and whether it is there. */
export const worker: Decider<WorkerCommand, Worker, WorkerEvent, WorkerRejection> = {
  category: 'worker',
  initial: { status: 'absent' },
  decide,
  ownerOf: (state) => (state.status === 'absent' ? undefined : state.userId),
  correlationOf: () => undefined,
  notFound: 'worker-not-found',

  evolve: evolveWith<Worker, WorkerEvent>({
    WorkerRegistered: (_, data) => ({ ...data, status: 'active' }),
    WorkerStopRequested: to('stopping'),
    WorkerStopped: to('stopped'),
    WorkerLost: to('lost'),
    StreamForked: (worker, { ancestry }) => {
      const forkedFrom = originOf(ancestry);
      return worker.status === 'absent' || !forkedFrom
        ? worker
        : { ...worker, status: 'stopped', forkedFrom };
    },
  }),
};

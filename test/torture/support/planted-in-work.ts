import type { StoredEvent } from '../../../src/eventstore/event-store.js';
import { change, dataOf, indexOf, lose, type Planted, repeat } from './breaking.js';

const tasks = 'tasks have one holder at a time and are completed once';
const completions = 'confirmed completions are those in history';
const deadlines = 'deadlines pass once, and not early';
const stages = 'stages are dispatched once and their results taken once';
const webhooks = 'webhooks were told of every event, or it is parked';

/** In tasks, deadlines, pipelines and webhooks. */
export const plantedInWork: readonly Planted[] = [
  ['a task is completed twice', tasks, (run) => repeat(run, 'TaskCompleted')],
  ['a lease is held by two at once', tasks, (run) => lose(run, 'TaskLeaseExpired')],
  [
    'a task is completed by who does not hold it',
    tasks,
    (run) => {
      change(run, 'TaskCompleted', { data: { workerId: 'worker-a' } });
    },
  ],
  [
    'a lease expires early',
    tasks,
    (run) => {
      change(run, 'TaskLeaseExpired', {
        created: run.events[indexOf(run, 'TaskClaimed')]!.created,
      });
    },
  ],
  [
    'a lease expires twice',
    tasks,
    (run) => {
      const lost = run.events[indexOf(run, 'TaskLeaseExpired')] as StoredEvent;
      change(run, 'TaskClaimed', { type: 'TaskLeaseExpired', data: lost.data }, 1);
    },
  ],
  [
    'an attempt is counted wrong',
    tasks,
    (run) => {
      change(run, 'TaskClaimed', { data: { ...dataOf(run, 'TaskClaimed'), attempt: 2 } });
    },
  ],
  [
    'a delayed task is due early',
    tasks,
    (run) => {
      change(run, 'TaskBecameDue', { created: '2026-11-21T10:00:04.000Z' });
    },
  ],
  ['a delayed task is handed out before it is due', tasks, (run) => lose(run, 'TaskBecameDue')],
  [
    'a delayed task is due twice',
    tasks,
    (run) => change(run, 'TaskClaimed', { type: 'TaskBecameDue' }),
  ],
  [
    'a worker was told of a completion that is not its own',
    completions,
    (run) => {
      run.log.push({
        ...{ log: 'completed', worker: 'worker-a', leaseToken: 'token-1' },
        task: run.events[indexOf(run, 'TaskCompleted')]!.stream.slice(5),
      });
    },
  ],
  [
    'an interrupt is settled twice',
    'interrupts are settled once',
    (run) => {
      repeat(run, 'InterruptExpired');
    },
  ],
  [
    'a deadline passes early',
    deadlines,
    (run) => {
      change(run, 'InterruptExpired', { created: '2026-11-21T10:00:14.000Z' });
    },
  ],
  ['a deadline never passes', deadlines, (run) => lose(run, 'InterruptExpired')],
  ['a stage is dispatched twice', stages, (run) => repeat(run, 'StageDispatched')],
  ['the result of a stage is taken twice', stages, (run) => repeat(run, 'CheckpointSaved')],
  [
    'the result of a stage is taken before its task is completed',
    stages,
    (run) => {
      lose(run, 'TaskCompleted');
    },
  ],
  [
    'the result of a stage is never taken',
    stages,
    (run) => {
      lose(run, 'ExecutionCompleted');
      lose(run, 'CheckpointSaved');
    },
  ],
  [
    'the task of a stage is never submitted',
    stages,
    (run) => {
      const { stream } = run.events[indexOf(run, 'TaskCompleted')]!;
      lose(run, 'ExecutionCompleted');
      lose(run, 'CheckpointSaved');
      run.events = run.events.filter((event) => event.stream !== stream);
    },
  ],
  ['an execution ends twice', 'executions end once', (run) => repeat(run, 'ExecutionCompleted')],
  [
    'a webhook is not told of an event',
    webhooks,
    (run) => {
      run.log = run.log.filter(({ log }) => log !== 'received');
      run.deliveries = [];
    },
  ],
  [
    'a delivery counts as made and was not received',
    'what counts as delivered was received',
    (run) => {
      run.log = run.log.filter((line) => line.log !== 'received' || line.status !== 204);
    },
  ],
  [
    'a delivery was never made',
    'what counts as delivered was received',
    (run) => {
      run.deliveries[0]!.status = 'pending';
    },
  ],
];

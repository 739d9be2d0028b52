import { describe, expect, it } from '@jest/globals';
import { workers } from '../../projections/workers.js';
import type { Fact } from '../../src/domain/decider.js';
import { eventsOf, project, second } from './support/project.js';

const stream = 'worker-build-1';
const registration = {
  userId: 'ann',
  queues: ['build'],
  maxConcurrentTasks: 2,
  heartbeatSeconds: 10,
};
const registered = { type: 'WorkerRegistered', data: registration };
const fact = (type: string, data: object = {}): Fact => ({ type, data });
const ofTask = (type: string, workerId = 'build-1') => fact(type, { queue: 'build', workerId });

const fresh = {
  _id: stream,
  stream,
  id: 'build-1',
  tasks: { active: 0, completed: 0, failed: 0 },
  ...registration,
  ...{ status: 'active', stopRequested: false },
  registeredAt: second(1),
  updatedAt: second(1),
  revision: 0,
  position: 1,
};

describe('the document of a worker', () => {
  it('is made when the worker registers', () => {
    expect(project(workers, eventsOf(stream, [registered]))).toStrictEqual([fresh]);
  });

  it.each([
    [{ status: 'stopping', stopRequested: true }, ['WorkerStopRequested']],
    [{ status: 'stopped', stopRequested: false }, ['WorkerStopRequested', 'WorkerStopped']],
    [{ status: 'lost', stopRequested: false }, ['WorkerLost']],
    [{ status: 'lost', stopRequested: true }, ['WorkerLost', 'WorkerStopRequested']],
  ])('says %j after %j', (standing, types) => {
    const events = [registered, ...types.map((type) => fact(type))];
    expect(project(workers, eventsOf(stream, events))).toStrictEqual([
      {
        ...{ ...fresh, ...standing },
        updatedAt: second(events.length),
        revision: types.length,
        position: events.length,
      },
    ]);
  });

  it('counts what the worker claimed, completed, failed and let go, and not its other moves', () => {
    const events = [
      ...eventsOf(stream, [registered]),
      ...eventsOf('task-1', [ofTask('TaskClaimed'), ofTask('TaskCompleted')], { position: 2 }),
      ...eventsOf('task-2', [ofTask('TaskClaimed'), ofTask('TaskAttemptFailed')], { position: 4 }),
      ...eventsOf('task-3', [ofTask('TaskClaimed'), ofTask('TaskLeaseExpired')], { position: 6 }),
      ...eventsOf('task-4', [ofTask('TaskClaimed'), ofTask('TaskClaimed', 'x')], { position: 8 }),
      ...eventsOf('task-5', [ofTask('TaskClaimed'), ofTask('TaskCancelled')], { position: 10 }),
      ...eventsOf('task-6', [fact('TaskCancelled', { queue: 'build' })], { position: 12 }),
    ];
    expect(project(workers, events)).toStrictEqual([
      { ...fresh, tasks: { active: 1, completed: 1, failed: 2 }, position: 11 },
      {
        ...{ _id: 'worker-x', stream: 'worker-x', id: 'x', position: 9 },
        tasks: { active: 1, completed: 0, failed: 0 },
      },
    ]);
  });

  it('keeps its counts and its first time when the worker registers late, and again', () => {
    const more = { ...registered, data: { ...registration, queues: ['build', 'mail'] } };
    const events = [
      ...eventsOf('task-1', [ofTask('TaskClaimed')]),
      ...eventsOf(stream, [registered, fact('WorkerLost'), more], { position: 2 }),
    ];
    expect(project(workers, events)).toStrictEqual([
      {
        ...fresh,
        queues: ['build', 'mail'],
        tasks: { active: 1, completed: 0, failed: 0 },
        registeredAt: second(2),
        updatedAt: second(4),
        revision: 2,
        position: 4,
      },
    ]);
  });

  it('is not made by what comes without a beginning', () => {
    expect(project(workers, eventsOf(stream, [fact('WorkerLost')]))).toStrictEqual([]);
  });
});

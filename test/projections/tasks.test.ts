import { describe, expect, it } from '@jest/globals';
import { queues } from '../../projections/queues.js';
import { tasks } from '../../projections/tasks.js';
import type { TaskEvent } from '../../src/domain/task.js';
import {
  at,
  becameDue,
  cancelled,
  cancelRequested,
  claimed,
  completed,
  deadLettered,
  extended,
  failed,
  forkedAt,
  leaseExpired,
  piece,
  progressed,
  retried,
  submitted,
  submittedForLater,
} from '../support/task-facts.js';
import { eventsOf, project, second } from './support/project.js';

const stream = 'task-1';
const of = (...facts: readonly TaskEvent[]) => project(tasks, eventsOf(stream, facts));

const common = {
  ...{ _id: stream, stream, id: '1', ...piece },
  ...{ attempts: 0, cancelRequested: false, createdAt: second(1), createdPosition: 1 },
};
const moved = (count: number) => ({
  updatedAt: second(count),
  revision: count - 1,
  position: count,
});

describe('the document of a task', () => {
  it('has its place in the queue while it is ready', () => {
    expect(of(submitted())).toStrictEqual([
      { ...common, status: 'ready', readyPosition: 1, readyAt: second(1), ...moved(1) },
    ]);
  });

  it('is due while it is delayed, and takes its place in the queue after that', () => {
    const delayed = { ...common, notBefore: at(60) };
    expect(of(submittedForLater)).toStrictEqual([
      { ...delayed, status: 'delayed', dueAt: at(60), ...moved(1) },
    ]);
    expect(of(submittedForLater, becameDue)).toStrictEqual([
      { ...delayed, status: 'ready', readyPosition: 2, readyAt: second(2), ...moved(2) },
    ]);
  });

  it('has its holder, and until when, while it is running', () => {
    expect(of(submitted(), claimed(), extended(55), progressed(40, 12, 'reading'))).toStrictEqual([
      {
        ...{ ...common, status: 'running', attempts: 1, workerId: 'w-1' },
        ...{ leaseExpiresAt: at(55), timesOutAt: at(310) },
        ...{ progress: { percent: 40, status: 'reading' }, ...moved(4) },
      },
    ]);
  });

  it('has the result, and when it was completed', () => {
    expect(of(submitted(), claimed(), completed)).toStrictEqual([
      {
        ...{ ...common, status: 'completed', attempts: 1, workerId: 'w-1' },
        ...{ result: { pages: 3 }, finishedAt: second(3), settledPosition: 3, ...moved(3) },
      },
    ]);
  });

  it('goes to the end of the queue when the lease was lost', () => {
    expect(of(submitted(), claimed(), leaseExpired())).toMatchObject([
      { status: 'ready', readyPosition: 3, error: 'lease-expired', attempts: 1 },
    ]);
  });

  it('is never ready between its last attempt and its end', () => {
    const lost = leaseExpired({ final: true });
    expect(of(submitted(), claimed(), lost)).toMatchObject([{ status: 'running' }]);
    const [dead] = of(submitted(), claimed(), lost, deadLettered('lease-expired'));
    expect(dead).toMatchObject({ status: 'dead', reason: 'lease-expired', finishedAt: second(4) });
  });

  it('forgets how it ended when it is retried', () => {
    const ended = [submitted(), claimed(), failed(), deadLettered('not-retryable')];
    expect(of(...ended, retried('dead'))).toStrictEqual([
      {
        ...{ ...common, status: 'ready', readyPosition: 5, readyAt: second(5) },
        ...{ workerId: 'w-1', error: 'no network', ...moved(5) },
      },
    ]);
  });

  it('says that it is to be cancelled, and that it was', () => {
    const asked = [submitted(), claimed(), cancelRequested];
    expect(of(...asked)).toMatchObject([
      { status: 'running', cancelRequested: true, reason: 'too slow' },
    ]);
    expect(of(...asked, failed(), cancelled('running'))).toMatchObject([
      { status: 'cancelled', reason: 'too slow', finishedAt: second(5) },
    ]);
  });

  it('is not made by what comes without a beginning', () => {
    expect(of(claimed(), completed)).toStrictEqual([]);
  });

  it('of a fork has the past of its ancestor and no place in a queue', () => {
    const [before] = of(submitted());
    const { _id, position, ...inherited } = before as { _id: string; position: number };
    const events = eventsOf('task-2', [forkedAt(0)], { first: 1, position: 20, inherited });
    expect(project(tasks, events)).toStrictEqual([
      {
        ...{ ...common, _id: 'task-2', stream: 'task-2', id: '2', status: 'cancelled' },
        ...{ inert: true, createdAt: second(20), finishedAt: second(20) },
        ...{ forkedFrom: { stream, revision: 0 }, ancestors: [stream] },
        ...{ updatedAt: second(20), revision: 1, position: 20 },
        ...{ createdPosition: 20, settledPosition: 20 },
      },
    ]);
  });

  it('that its session took along belongs to that from the beginning, and is still to be done', () => {
    const [before] = of(submitted());
    const { _id, position, ...inherited } = before as { _id: string; position: number };
    const fork = forkedAt(0);
    const adoption = { sessionId: 's-2', executionId: 'e-2' };
    const taken = { ...fork, data: { ...fork.data, scope: 'tree', ...adoption } };
    const events = eventsOf('task-2', [taken], { first: 1, position: 20, inherited });
    const [document] = project(tasks, events);
    expect(document).toMatchObject({ ...adoption, status: 'cancelled', createdPosition: 0 });
    expect(document).not.toHaveProperty('settledPosition');
  });
});

describe('what was completed by the minute', () => {
  const minutesOf = (...created: readonly string[]) => {
    const events = created.map((moment, index) => {
      const [event] = eventsOf(`task-${index}`, [completed], { first: 2, position: index + 1 });
      return { ...event!, created: moment };
    });
    const [document] = project(queues, events) as readonly { minutes: unknown }[];
    return document?.minutes;
  };

  it('is counted by the time of the events', () => {
    expect(
      minutesOf('2026-01-01T12:00:01Z', '2026-01-01T12:00:59.999Z', '2026-01-01T12:07:00Z'),
    ).toEqual([
      { minute: '2026-01-01T12:00', completed: 2 },
      { minute: '2026-01-01T12:07', completed: 1 },
    ]);
  });

  it('is kept for the last minutes only', () => {
    const minutes = Array.from({ length: 30 }, (_, n) => `2026-01-01T12:${10 + n}:30Z`);
    expect(minutesOf(...minutes)).toHaveLength(8);
    expect(minutesOf(...minutes)).toMatchObject({ 7: { minute: '2026-01-01T12:39' } });
  });

  it('counts as now what a slower clock says was before', () => {
    expect(minutesOf('2026-01-01T12:01:00Z', '2026-01-01T12:00:59Z')).toEqual([
      { minute: '2026-01-01T12:01', completed: 2 },
    ]);
  });
});

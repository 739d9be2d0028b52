import { describe, expect, it } from '@jest/globals';
import type { StreamForked } from '../../src/domain/fork.js';
import { type WorkerEvent, worker } from '../../src/domain/worker.js';
import { given, stateOf } from '../support/given.js';

const registration = {
  userId: 'ann',
  queues: ['reports', 'mail.*'],
  maxConcurrentTasks: 2,
  heartbeatSeconds: 10,
} as const;

const register = { type: 'RegisterWorker', ...registration } as const;
const keep = { type: 'KeepWorker' } as const;
const requestStop = { type: 'RequestWorkerStop' } as const;
const stop = { type: 'StopWorker' } as const;
const lose = { type: 'LoseWorker', lastHeartbeatAt: '2026-01-01T00:00:00.000Z' } as const;

const registered: WorkerEvent = { type: 'WorkerRegistered', data: registration };
const stopRequested: WorkerEvent = { type: 'WorkerStopRequested', data: {} };
const stopped: WorkerEvent = { type: 'WorkerStopped', data: {} };
const lost: WorkerEvent = {
  type: 'WorkerLost',
  data: { lastHeartbeatAt: '2026-01-01T00:00:00.000Z' },
};

const having = (...events: readonly WorkerEvent[]) => given(worker).events(...events);

describe('registering a worker', () => {
  it('says what it takes and how much of it at once', () =>
    having().when(register).adds(registered));

  it('adds nothing when it is there as it says', () =>
    having(registered).when(register).changesNothing());

  it('changes what it takes', () =>
    having(registered)
      .when({ ...register, queues: ['mail.*'] })
      .adds({ type: 'WorkerRegistered', data: { ...registration, queues: ['mail.*'] } }));

  it.each([
    ['asked to stop', [registered, stopRequested]],
    ['stopped', [registered, stopped]],
    ['lost', [registered, lost]],
  ])('brings back one that was %s', (_, events) =>
    having(...events)
      .when(register)
      .adds(registered),
  );

  it('forgets that one before it was asked to stop', () => {
    const state = stateOf(worker, [registered, stopRequested, stopped, registered]);
    expect(state).toEqual({ ...registration, status: 'active', stopRequested: false });
  });

  it('leaves an id to whoever has it', () =>
    having(registered)
      .when({ ...register, userId: 'bob' })
      .rejects('worker-already-exists'));
});

describe('hearing from a worker', () => {
  it('adds nothing while it is there', () => {
    having(registered).when(keep).changesNothing();
    having(registered, stopRequested).when(keep).changesNothing();
  });

  it('brings back one that was lost', () => having(registered, lost).when(keep).adds(registered));

  it('tells one that was lost after it was asked to stop that it is to stop still', () =>
    having(registered, stopRequested, lost).when(keep).adds(registered, stopRequested));

  it('tells one that was lost, and then asked to stop, that it is to stop', () =>
    having(registered, lost, stopRequested).when(keep).adds(registered, stopRequested));

  it('sends one that has stopped to register', () =>
    having(registered, stopped).when(keep).rejects('worker-stopped'));

  it('knows nothing of one that never registered', () =>
    having().when(keep).rejects('worker-not-found'));
});

describe('stopping a worker', () => {
  it('asks it first, once', () => {
    having(registered).when(requestStop).adds(stopRequested);
    having(registered, stopRequested).when(requestStop).changesNothing();
  });

  it('leaves to be told to one that is lost', () => {
    having(registered, lost).when(requestStop).adds(stopRequested);
    expect(stateOf(worker, [registered, lost, stopRequested])).toMatchObject({ status: 'lost' });
  });

  it('takes its word that it did, asked or not', () => {
    having(registered, stopRequested).when(stop).adds(stopped);
    having(registered).when(stop).adds(stopped);
    having(registered, lost).when(stop).adds(stopped);
  });

  it('is over once it has stopped', () => {
    having(registered, stopped).when(stop).changesNothing();
    having(registered, stopped).when(requestStop).changesNothing();
  });
});

describe('losing a worker', () => {
  it('says when it was last heard from', () => {
    having(registered).when(lose).adds(lost);
    having(registered, stopRequested).when(lose).adds(lost);
  });

  it('happens once', () => having(registered, lost).when(lose).changesNothing());

  it('does not happen to one that has stopped', () =>
    having(registered, stopped).when(lose).changesNothing());
});

it('has stopped in a fork, which has no process', () => {
  const forked: StreamForked = {
    type: 'StreamForked',
    data: { ancestry: [{ stream: 'worker-a', through: 0 }], scope: 'stream' },
  };
  expect(stateOf(worker, [registered, forked])).toMatchObject({
    status: 'stopped',
    forkedFrom: { stream: 'worker-a', revision: 0 },
  });
});

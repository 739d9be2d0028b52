import { describe, expect, it } from '@jest/globals';
import { executions } from '../../projections/executions.js';
import type { StreamForked } from '../../src/domain/fork.js';
import {
  cancelled,
  checkpoint,
  completed,
  failed,
  savedInFull,
  started,
} from '../support/execution-facts.js';
import { eventsOf, project, second } from './support/project.js';

const stream = 'execution-1';
const of = (...facts: Parameters<typeof eventsOf>[1]) =>
  project(executions, eventsOf(stream, facts));

const fresh = {
  _id: stream,
  stream,
  id: '1',
  ...started.data,
  status: 'running',
  checkpointCount: 0,
  createdAt: second(1),
  createdPosition: 1,
  updatedAt: second(1),
  revision: 0,
  position: 1,
};

describe('the document of an execution', () => {
  it('is made when the execution starts', () => {
    expect(of(started)).toStrictEqual([fresh]);
  });

  it('counts checkpoints, however they are stored, and has the stage of the newest', () => {
    const delta = {
      type: 'CheckpointSaved',
      data: {
        ...{ checkpointId: 'c-2', agent: 'writer', stage: 'write', stageOrder: 1 },
        stateDelta: [{ op: 'add', path: '/b', value: 2 }],
      },
    };
    expect(of(started, savedInFull(checkpoint('c-1', { a: 1 })), delta)).toStrictEqual([
      {
        ...fresh,
        checkpointCount: 2,
        currentStage: { stage: 'write', agent: 'writer', stageOrder: 1 },
        updatedAt: second(3),
        revision: 2,
        position: 3,
      },
    ]);
  });

  it.each([
    [{ status: 'completed', output: { pages: 3 } }, completed],
    [{ status: 'failed', error: 'no network' }, failed],
    [{ status: 'cancelled', reason: 'too slow' }, cancelled],
  ])('has %j after %j, and when that was', (outcome, fact) => {
    expect(of(started, fact)).toStrictEqual([
      {
        ...{ ...fresh, ...outcome },
        ...{ finishedAt: second(2), updatedAt: second(2), revision: 1, position: 2 },
        settledPosition: 2,
      },
    ]);
  });

  it('is not made by what comes without a beginning', () => {
    expect(of(completed, savedInFull(checkpoint('c-1', {})))).toStrictEqual([]);
  });
});

describe('the document of a forked execution', () => {
  const forked: StreamForked = {
    type: 'StreamForked',
    data: { ancestry: [{ stream, through: 4 }], scope: 'stream' },
  };
  const { _id, position, ...inherited } = {
    ...fresh,
    ...{ checkpointCount: 3, status: 'completed', finishedAt: second(9), output: 1, revision: 4 },
  };

  it('starts from what the ancestor was, as finished as that, under a time of its own', () => {
    const events = eventsOf('execution-2', [forked], { first: 5, position: 20, inherited });
    expect(project(executions, events)).toStrictEqual([
      {
        ...inherited,
        _id: 'execution-2',
        stream: 'execution-2',
        id: '2',
        createdAt: second(20),
        updatedAt: second(20),
        forkedFrom: { stream, revision: 4 },
        ancestors: [stream],
        createdPosition: 20,
        revision: 5,
        position: 20,
      },
    ]);
  });

  it('is not made when there is nothing left of the ancestor', () => {
    const events = eventsOf('execution-2', [forked, completed], { first: 5 });
    expect(project(executions, events)).toStrictEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { streams } from '../../projections/streams.js';
import type { StreamForked } from '../../src/domain/fork.js';
import { activated, created } from '../support/session-facts.js';
import { eventsOf, project, second } from './support/project.js';

describe('the document of a stream', () => {
  it('counts its events, of whatever category and type', () => {
    const later = { type: 'SomethingNew', data: {} };
    const events = [
      ...eventsOf('session-1', [created, activated, later]),
      ...eventsOf('interrupt-7', [later], { position: 4 }),
    ];
    const common = { userId: 'ann', correlationId: 'req-1', ancestry: [] };
    expect(project(streams, events)).toStrictEqual([
      {
        ...common,
        ...{ _id: 'interrupt-7', stream: 'interrupt-7', root: 'interrupt-7' },
        ...{ category: 'interrupt', ownEvents: 1, revision: 0, position: 4 },
        ...{ createdAt: second(4), updatedAt: second(4) },
      },
      {
        ...common,
        ...{ _id: 'session-1', stream: 'session-1', root: 'session-1' },
        ...{ category: 'session', ownEvents: 3, revision: 2, position: 3 },
        ...{ createdAt: second(1), updatedAt: second(3) },
      },
    ]);
  });

  it('has the whole descent of a fork, and counts the events that are its own', () => {
    const ancestry = [
      { stream: 'session-1', through: 4 },
      { stream: 'session-2', through: 9 },
    ];
    const forked: StreamForked = { type: 'StreamForked', data: { ancestry, scope: 'stream' } };
    const events = eventsOf('session-3', [forked, activated], { first: 10 });
    expect(project(streams, events)).toStrictEqual([
      {
        ...{ _id: 'session-3', stream: 'session-3', category: 'session', root: 'session-1' },
        ...{ userId: 'ann', correlationId: 'req-1', ancestry },
        forkedFrom: { stream: 'session-2', revision: 9 },
        ...{ ownEvents: 2, revision: 11, position: 2 },
        ...{ createdAt: second(1), updatedAt: second(2) },
      },
    ]);
  });
});

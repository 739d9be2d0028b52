import { describe, expect, it } from '@jest/globals';
import { sessions } from '../../projections/sessions.js';
import type { StreamForked } from '../../src/domain/fork.js';
import {
  activated,
  answer,
  completed,
  created,
  deleted,
  edited,
  failed,
  paused,
  posted,
  processing,
  question,
  removed,
  restored,
  resumed,
  terminated,
} from '../support/session-facts.js';
import { eventsOf, project, second } from './support/project.js';

const stream = 'session-1';
const of = (...facts: Parameters<typeof eventsOf>[1]) => project(sessions, eventsOf(stream, facts));

const archived = { type: 'SessionArchived', data: {} };
const unarchived = { type: 'SessionUnarchived', data: {} };

const fresh = {
  _id: stream,
  stream,
  id: '1',
  userId: 'ann',
  title: 'Trip to Oslo',
  status: 'created',
  mode: 'interactive',
  metadata: { team: 'travel' },
  archived: false,
  deleted: false,
  messageCount: 0,
  createdAt: second(1),
  updatedAt: second(1),
  revision: 0,
  position: 1,
};

describe('the document of a session', () => {
  it('is made when the session is created', () => {
    expect(of(created)).toStrictEqual([fresh]);
  });

  it('keeps the session that it belongs to', () => {
    const child = { ...created, data: { ...created.data, parentSessionId: 's-0' } };
    expect(of(child)).toStrictEqual([{ ...fresh, parentSessionId: 's-0' }]);
  });

  it('has its new title and metadata, and when and where it last moved', () => {
    const renamed = { type: 'SessionRenamed', data: { title: 'Trip to Bergen' } };
    const noted = { type: 'SessionMetadataChanged', data: { metadata: { team: 'sales' } } };
    expect(of(created, renamed, noted)).toStrictEqual([
      {
        ...fresh,
        title: 'Trip to Bergen',
        metadata: { team: 'sales' },
        updatedAt: second(3),
        revision: 2,
        position: 3,
      },
    ]);
  });

  it.each([
    ['active', activated],
    ['processing', processing],
    ['paused', paused],
    ['active', resumed],
    ['completed', completed],
    ['failed', failed],
    ['terminated', terminated],
  ])('has the status %s after %j', (status, fact) => {
    expect(of(created, fact)).toMatchObject([{ status, revision: 1 }]);
  });

  it.each([
    [{ archived: true }, [archived]],
    [{ archived: false }, [archived, unarchived]],
    [{ deleted: true }, [deleted]],
    [{ deleted: false }, [deleted, restored]],
  ])('keeps its status and is %j after %j', (flags, facts) => {
    expect(of(created, ...facts)).toMatchObject([{ ...flags, status: 'created' }]);
  });

  it('counts the messages that are not deleted', () => {
    const facts = [posted(question), posted(answer), edited('m-1', 'And Tuesday?'), removed('m-2')];
    expect(of(created, ...facts)).toMatchObject([{ messageCount: 1, revision: 4 }]);
  });

  it('is not made by what comes without a beginning', () => {
    expect(of(activated, posted(question))).toStrictEqual([]);
  });

  it('is not touched by events of other categories and unknown types', () => {
    const unknown = { type: 'SessionPraised', data: {} };
    const events = [
      ...eventsOf(stream, [created, unknown]),
      ...eventsOf('sessions-1', [created], { position: 3 }),
      ...eventsOf('execution-1', [created], { position: 4 }),
    ];
    expect(project(sessions, events)).toStrictEqual([fresh]);
  });

  it('is not touched by event types named like what every object has', () => {
    const facts = [created, { type: 'toString', data: {} }, { type: 'constructor', data: {} }];
    expect(of(...facts)).toStrictEqual([fresh]);
  });
});

describe('the document of a forked session', () => {
  const ancestry = [
    { stream: 'session-0', through: 3 },
    { stream: 'session-1', through: 7 },
  ];
  const forked: StreamForked = { type: 'StreamForked', data: { ancestry, scope: 'stream' } };
  const inherited = {
    ...{ stream, id: '1', userId: 'ann', title: 'Trip to Oslo', status: 'active' },
    ...{ mode: 'interactive', metadata: {}, archived: true, deleted: false, messageCount: 2 },
    ...{ createdAt: second(1), updatedAt: second(2), revision: 7 },
    forkedFrom: { stream: 'session-0', revision: 3 },
    ancestors: ['session-0'],
  };

  it('starts from what the ancestor was, under a name and a time of its own', () => {
    const events = eventsOf('session-2', [forked, posted(question)], { first: 8, inherited });
    expect(project(sessions, events)).toStrictEqual([
      {
        ...inherited,
        _id: 'session-2',
        stream: 'session-2',
        id: '2',
        messageCount: 3,
        createdAt: second(1),
        updatedAt: second(2),
        forkedFrom: { stream: 'session-1', revision: 7 },
        ancestors: ['session-0', 'session-1'],
        revision: 9,
        position: 2,
      },
    ]);
  });

  it('is not made when there is nothing left of the ancestor', () => {
    const events = eventsOf('session-2', [forked, posted(question)], { first: 8 });
    expect(project(sessions, events)).toStrictEqual([]);
  });
});

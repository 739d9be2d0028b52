import { describe, expect, it } from '@jest/globals';
import { type SessionCommand, type SessionEvent, session } from '../../src/domain/session.js';
import { given, stateOf } from '../support/given.js';
import * as facts from '../support/session-facts.js';

const { activated, created, deleted } = facts;

describe('creating a session', () => {
  it('records who it belongs to and what it is about', () =>
    given(session).events().when(facts.create).adds(created));
  it('keeps the session it was started from', () =>
    given(session)
      .events()
      .when({ ...facts.create, parentSessionId: 's-0' })
      .adds({
        type: 'SessionCreated',
        data: { ...created.data, parentSessionId: 's-0' },
      }));
  it('takes the same command twice without a second event', () =>
    given(session).events(created).when(facts.create).changesNothing());
  it('sees past the order of the metadata keys', () =>
    given(session)
      .events({
        type: 'SessionCreated',
        data: { ...created.data, metadata: { a: 1, b: 2 } },
      })
      .when({ ...facts.create, metadata: { b: 2, a: 1 } })
      .changesNothing());

  const others: readonly Partial<Extract<SessionCommand, { type: 'CreateSession' }>>[] = [
    { userId: 'bob' },
    { title: 'Trip to Bergen' },
    { mode: 'background' },
    { metadata: {} },
    { parentSessionId: 's-0' },
  ];
  it.each(others)('turns down another session under the same id: %j', (difference) =>
    given(session)
      .events(created)
      .when({ ...facts.create, ...difference })
      .rejects('session-already-exists'),
  );
});

describe('a session that does not exist', () => {
  const commands: readonly SessionCommand[] = [
    { type: 'ChangeSession', title: 'x' },
    { type: 'PauseSession' },
    { type: 'ResumeSession' },
    { type: 'TerminateSession' },
    { type: 'DeleteSession' },
    { type: 'RestoreSession' },
    facts.move('active'),
    facts.post(facts.question),
    facts.edit('m-1', 'x'),
    facts.remove('m-1'),
  ];
  it.each(commands)('is not found by $type', (command) =>
    given(session).events().when(command).rejects('session-not-found'),
  );
  it('stays absent whatever other event its stream begins with', () => {
    for (const fact of [activated, deleted, facts.posted(facts.question)])
      expect(stateOf(session, [fact])).toStrictEqual({ status: 'absent' });
  });
});

describe('changing a session', () => {
  it('adds one fact for each thing that changed', () =>
    given(session)
      .events(created)
      .when({ type: 'ChangeSession', title: 'Oslo', archived: true, metadata: { team: 'sales' } })
      .adds(
        { type: 'SessionRenamed', data: { title: 'Oslo' } },
        { type: 'SessionMetadataChanged', data: { metadata: { team: 'sales' } } },
        { type: 'SessionArchived', data: {} },
      ));
  it('adds nothing for what is already so', () =>
    given(session)
      .events(created)
      .when({
        ...{ type: 'ChangeSession', title: 'Trip to Oslo', archived: false },
        metadata: { team: 'travel' },
      })
      .changesNothing());
  it('takes it out of the archive again', () =>
    given(session)
      .events(created, { type: 'SessionArchived', data: {} })
      .when({ type: 'ChangeSession', archived: false })
      .adds({ type: 'SessionUnarchived', data: {} }));
  it('remembers what was changed before', () =>
    given(session)
      .events(
        created,
        { type: 'SessionRenamed', data: { title: 'Oslo' } },
        { type: 'SessionMetadataChanged', data: { metadata: {} } },
      )
      .when({ type: 'ChangeSession', title: 'Oslo', metadata: {} })
      .changesNothing());
});

describe('a forked session', () => {
  const forked: SessionEvent = {
    type: 'StreamForked',
    data: {
      ancestry: [
        { stream: 'session-a', through: 4 },
        { stream: 'session-b', through: 9 },
      ],
      scope: 'stream',
    },
  };
  it('differs from the session it came from in nothing but its origin', () => {
    const history = [created, activated, facts.posted(facts.question)];
    expect(stateOf(session, [...history, forked])).toStrictEqual({
      ...stateOf(session, history),
      forkedFrom: { stream: 'session-b', revision: 9 },
    });
  });
  it('keeps the inherited owner', () =>
    expect(session.ownerOf(stateOf(session, [created, forked]))).toBe('ann'));
});

it('passes over events of a type it has never heard of', () =>
  expect(
    stateOf(session, [created, { type: 'SessionTeleported', data: {} } as never]),
  ).toStrictEqual(stateOf(session, [created])));

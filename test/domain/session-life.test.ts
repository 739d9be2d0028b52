import { describe, expect, it } from '@jest/globals';
import {
  type SessionCommand,
  type SessionEvent,
  type SessionStatus,
  session,
} from '../../src/domain/session.js';
import { given, stateOf } from '../support/given.js';
import * as facts from '../support/session-facts.js';

const { activated, completed, created, deleted, failed, paused, processing, restored, terminated } =
  facts;

/** The shortest way to each status. */
const ways: Readonly<Record<SessionStatus, readonly SessionEvent[]>> = {
  created: [created],
  active: [created, activated],
  processing: [created, activated, processing],
  paused: [created, activated, paused],
  completed: [created, activated, completed],
  failed: [created, activated, failed],
  terminated: [created, terminated],
};

const commands = {
  activate: [facts.move('active'), activated],
  process: [facts.move('processing'), processing],
  pause: [{ type: 'PauseSession' }, paused],
  resume: [{ type: 'ResumeSession' }, facts.resumed],
  complete: [facts.move('completed'), completed],
  fail: [{ type: 'MoveSession', status: 'failed', reason: 'out of tokens' }, failed],
  terminate: [{ type: 'TerminateSession' }, terminated],
} as const satisfies Record<string, readonly [SessionCommand, SessionEvent]>;

type Answer = 'moves' | 'stays' | 'refuses';
type Row = Readonly<Record<keyof typeof commands, Answer>>;

const refused: Row = {
  ...{ activate: 'refuses', process: 'refuses', pause: 'refuses', resume: 'refuses' },
  ...{ complete: 'refuses', fail: 'refuses', terminate: 'moves' },
};
const table: Readonly<Record<SessionStatus, Row>> = {
  created: { ...refused, activate: 'moves' },
  active: {
    ...{ activate: 'stays', process: 'moves', pause: 'moves', resume: 'stays' },
    ...{ complete: 'moves', fail: 'moves', terminate: 'moves' },
  },
  processing: {
    ...{ ...refused, activate: 'moves', process: 'stays' },
    ...{ complete: 'moves', fail: 'moves' },
  },
  paused: { ...refused, pause: 'stays', resume: 'moves' },
  completed: { ...refused, complete: 'stays' },
  failed: { ...refused, fail: 'stays' },
  terminated: { ...refused, terminate: 'stays' },
};

const cells = Object.entries(table).flatMap(([status, row]) =>
  Object.entries(row).map(([name, answer]) => ({ status, name, answer })),
);

describe('the life of a session', () => {
  it.each(cells)('$status: $name $answer', ({ status, name, answer }) => {
    const history = ways[status as SessionStatus];
    const [command, event] = commands[name as keyof typeof commands];
    const then = given(session)
      .events(...history)
      .when(command);
    if (answer === 'moves') then.adds(event);
    else if (answer === 'stays') then.changesNothing();
    else then.rejects('session-transition-not-allowed');
  });

  it.each(Object.entries(ways))('reaches %s by its events', (status, history) =>
    expect(stateOf(session, history).status).toBe(status),
  );
  it('is active again after being resumed', () =>
    expect(stateOf(session, [...ways.paused, facts.resumed]).status).toBe('active'));
  it('keeps the reason for a pause and for an end', () => {
    given(session)
      .events(...ways.active)
      .when({ type: 'PauseSession', reason: 'lunch' })
      .adds({ type: 'SessionPaused', data: { reason: 'lunch' } });
    given(session)
      .events(...ways.active)
      .when({ type: 'TerminateSession', reason: 'budget' })
      .adds({ type: 'SessionTerminated', data: { reason: 'budget' } });
  });
  it('fails with an empty error when no reason is given', () =>
    given(session)
      .events(...ways.active)
      .when(facts.move('failed'))
      .adds({ type: 'SessionFailed', data: { error: '' } }));
});

describe('deleting and restoring', () => {
  it.each(Object.entries(ways))('a session that is %s', (_, history) => {
    given(session)
      .events(...history)
      .when({ type: 'DeleteSession' })
      .adds(deleted);
    given(session)
      .events(...history, deleted)
      .when({ type: 'DeleteSession' })
      .changesNothing();
    given(session)
      .events(...history, deleted)
      .when({ type: 'RestoreSession' })
      .adds(restored);
    given(session)
      .events(...history)
      .when({ type: 'RestoreSession' })
      .changesNothing();
  });
  it('leaves the status as it was', () =>
    expect(stateOf(session, [...ways.processing, deleted, restored])).toMatchObject({
      ...{ status: 'processing', deleted: false },
    }));
  it.each(Object.entries(commands))('allows no %s while deleted', (_, [command]) =>
    given(session)
      .events(...ways.active, deleted)
      .when(command)
      .rejects('session-deleted'),
  );
  it('allows no change while deleted', () =>
    given(session)
      .events(created, deleted)
      .when({ type: 'ChangeSession', title: 'x' })
      .rejects('session-deleted'));
});

describe('what begins in a session', () => {
  const enter: SessionCommand = { type: 'EnterSession' };

  it.each(Object.entries(ways).filter(([status]) => status !== 'terminated'))(
    'may do so while it is %s',
    (_, way) =>
      given(session)
        .events(...way)
        .when(enter)
        .changesNothing(),
  );
  it.each([
    ['terminated', ways.terminated],
    ['deleted', [created, deleted]],
  ])('may not once it is %s', (_, way) =>
    given(session)
      .events(...way)
      .when(enter)
      .rejects('session-not-active'),
  );
  it('needs the session', () => given(session).events().when(enter).rejects('session-not-found'));
});

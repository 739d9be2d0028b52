import { describe, expect, it } from '@jest/globals';
import { type SessionEvent, session } from '../../src/domain/session.js';
import { given, stateOf } from '../support/given.js';
import {
  activated,
  answer,
  completed,
  created,
  deleted,
  edit,
  edited,
  failed,
  paused,
  post,
  posted,
  processing,
  question,
  remove,
  removed,
  terminated,
} from '../support/session-facts.js';

const open: Readonly<Record<string, readonly SessionEvent[]>> = {
  created: [created],
  active: [created, activated],
  processing: [created, activated, processing],
  completed: [created, activated, completed],
  failed: [created, activated, failed],
};
const closed: Readonly<Record<string, readonly SessionEvent[]>> = {
  paused: [created, activated, posted(question), paused],
  terminated: [created, posted(question), terminated],
};

describe('posting a message', () => {
  it.each(Object.entries(open))('works in a session that is %s', (_, history) =>
    given(session)
      .events(...history)
      .when(post(question))
      .adds(posted(question)),
  );
  it.each(Object.entries(closed))('is turned down by a session that is %s', (_, history) =>
    given(session)
      .events(...history)
      .when(post(answer))
      .rejects('session-not-active'),
  );
  it('is turned down by a deleted session', () =>
    given(session).events(created, deleted).when(post(question)).rejects('session-deleted'));
  it('keeps every part of the message', () => {
    const everything = { ...answer, name: 'planner', toolCallId: 'call-0' };
    given(session).events(created).when(post(everything)).adds(posted(everything));
  });
});

describe('posting a message again', () => {
  it('adds nothing', () =>
    given(session).events(created, posted(question)).when(post(question)).changesNothing());
  it('adds nothing where the keys come in another order', () =>
    given(session)
      .events(created, posted(question))
      .when(post({ ...question, metadata: { tags: ['first', 'urgent'], source: 'web' } }))
      .changesNothing());
  it('adds nothing after it was edited or deleted', () => {
    given(session)
      .events(created, posted(question), edited('m-1', 'On Tuesday?'))
      .when(post(question))
      .changesNothing();
    given(session)
      .events(created, posted(question), removed('m-1'))
      .when(post(question))
      .changesNothing();
  });
  it.each(Object.entries(closed))('adds nothing in a session since %s', (_, history) =>
    given(session)
      .events(...history)
      .when(post(question))
      .changesNothing(),
  );

  const differences = [
    { content: 'Which trains are there on Monday?' },
    { content: [{ type: 'text', text: question.content }] },
    { role: 'system' },
    { name: 'ann' },
    { toolCalls: [] },
    { toolCallId: 'call-1' },
    { metadata: { source: 'web', tags: ['urgent', 'first'] } },
  ];
  it.each(differences)('is turned down under the same id with other content: %j', (difference) =>
    given(session)
      .events(created, posted(question))
      .when(post({ ...question, ...difference } as typeof question))
      .rejects('message-already-exists'),
  );
  it('is turned down with what an edit made of it, which was never posted', () =>
    given(session)
      .events(created, posted(question), edited('m-1', 'On Tuesday?'))
      .when(post({ ...question, content: 'On Tuesday?' }))
      .rejects('message-already-exists'));
});

describe('editing a message', () => {
  it('records the new content', () =>
    given(session)
      .events(created, posted(question))
      .when(edit('m-1', 'On Tuesday?'))
      .adds(edited('m-1', 'On Tuesday?')));
  it('adds nothing when the content is already so', () => {
    given(session)
      .events(created, posted(question))
      .when(edit('m-1', question.content))
      .changesNothing();
    given(session)
      .events(created, posted(question), edited('m-1', [{ type: 'text', text: 'Hi' }]))
      .when(edit('m-1', [{ text: 'Hi', type: 'text' }]))
      .changesNothing();
  });
  it('goes back to earlier content as a new edit', () =>
    given(session)
      .events(created, posted(question), edited('m-1', 'On Tuesday?'))
      .when(edit('m-1', question.content))
      .adds(edited('m-1', question.content)));
  it.each(['assistant', 'system', 'tool'] as const)('is not for messages of the %s', (role) =>
    given(session)
      .events(created, posted({ ...question, role }))
      .when(edit('m-1', 'On Tuesday?'))
      .rejects('message-not-editable'),
  );
  it('needs the message to be there', () => {
    given(session).events(created).when(edit('m-1', 'x')).rejects('message-not-found');
    given(session)
      .events(created, posted(question), removed('m-1'))
      .when(edit('m-1', 'x'))
      .rejects('message-not-found');
  });
  it.each(Object.entries(closed))('is turned down by a session that is %s', (_, history) =>
    given(session)
      .events(...history)
      .when(edit('m-1', 'x'))
      .rejects('session-not-active'),
  );
  it('is turned down by a deleted session', () =>
    given(session)
      .events(created, posted(question), deleted)
      .when(edit('m-1', 'x'))
      .rejects('session-deleted'));
});

describe('deleting a message', () => {
  it('works whoever wrote it', () => {
    for (const message of [question, answer])
      given(session)
        .events(created, posted(message))
        .when(remove(message.messageId))
        .adds(removed(message.messageId));
  });
  it('adds nothing the second time', () =>
    given(session)
      .events(created, posted(question), removed('m-1'))
      .when(remove('m-1'))
      .changesNothing());
  it('needs the message to have been there', () =>
    given(session).events(created).when(remove('m-1')).rejects('message-not-found'));
  it.each(Object.entries(closed))('is turned down by a session that is %s', (_, history) =>
    given(session)
      .events(...history)
      .when(remove('m-1'))
      .rejects('session-not-active'),
  );
  it('is turned down by a deleted session', () =>
    given(session)
      .events(created, posted(question), deleted)
      .when(remove('m-1'))
      .rejects('session-deleted'));
});

it('passes over an edit or a deletion of a message it does not know', () => {
  const before = stateOf(session, [created, posted(question)]);
  for (const fact of [edited('m-9', 'x'), removed('m-9')])
    expect(session.evolve(before, fact)).toStrictEqual(before);
});

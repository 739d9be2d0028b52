import { describe, expect, it } from '@jest/globals';
import { messages } from '../../projections/messages.js';
import { answer, created, edited, posted, question, removed } from '../support/session-facts.js';
import { eventsOf, project, second } from './support/project.js';

const stream = 'session-1';
const of = (...facts: Parameters<typeof eventsOf>[1]) => project(messages, eventsOf(stream, facts));

const asked = {
  _id: 2,
  ...question,
  stream,
  seq: 1,
  userId: 'ann',
  createdAt: second(2),
  deleted: false,
  text: 'Which flights are there on Monday?',
  key: 'session-1/m-1',
  from: 1,
  to: null,
  position: 2,
};
const askedAgain = {
  ...asked,
  _id: 3,
  content: 'And on Tuesday?',
  text: 'And on Tuesday?',
  editedAt: second(3),
  from: 2,
  position: 3,
};

describe('the rows of a message', () => {
  it('begin with one that is true from where the message was posted on', () => {
    expect(of(created, posted(question))).toStrictEqual([asked]);
  });

  it('have the text of each part of a content in parts', () => {
    const parts = [{ type: 'text', text: 'Two:' }, { type: 'image' }, { type: 'text', text: '7.' }];
    expect(of(created, posted({ ...answer, content: parts }))).toMatchObject([
      { content: parts, toolCalls: answer.toolCalls, text: 'Two:\n\n7.' },
    ]);
  });

  it('are closed by the next one where it changed', () => {
    expect(of(created, posted(question), edited('m-1', 'And on Tuesday?'))).toStrictEqual([
      { ...asked, to: 2, position: 3 },
      askedAgain,
    ]);
  });

  it('end with one that is deleted and no longer found by its text', () => {
    const { text: _, ...rest } = askedAgain;
    const facts = [posted(question), edited('m-1', 'And on Tuesday?'), removed('m-1')];
    expect(of(created, ...facts)).toStrictEqual([
      { ...asked, to: 2, position: 3 },
      { ...askedAgain, to: 3, position: 4 },
      { ...rest, _id: 4, deleted: true, from: 3, position: 4 },
    ]);
  });

  it('are kept apart by message', () => {
    const rows = of(created, posted(question), posted(answer), edited('m-1', 'x'), removed('m-2'));
    expect(rows).toMatchObject([
      { key: 'session-1/m-1', from: 1, to: 3 },
      { key: 'session-1/m-2', from: 2, to: 4 },
      { key: 'session-1/m-1', from: 3, to: null },
      { key: 'session-1/m-2', from: 4, to: null },
    ]);
  });
});

describe('the rows of an inherited message', () => {
  const change = {
    _id: 1,
    stream: 'session-2',
    messageId: 'm-1',
    userId: 'ann',
    deleted: false,
    key: 'session-2/m-1',
    from: 9,
    to: null,
    position: 1,
  };

  it('hold what the fork changed of it, without a place among the messages', () => {
    const events = eventsOf('session-2', [edited('m-1', 'And on Tuesday?')], { first: 9 });
    const text = 'And on Tuesday?';
    expect(project(messages, events)).toStrictEqual([
      { ...change, content: text, editedAt: second(1), text },
    ]);
  });

  it('say that it is gone when the fork deletes it', () => {
    const events = eventsOf('session-2', [removed('m-1')], { first: 9 });
    expect(project(messages, events)).toStrictEqual([{ ...change, deleted: true }]);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { MessageView } from '../../src/queries/messages.js';
import type { Page } from '../../src/queries/page.js';
import type { SessionView } from '../../src/queries/sessions.js';
import { expectProblem } from './support/expect-problem.js';
import { bodyOf, createSession, eventsOf, postMessage } from './support/making.js';
import { running } from './support/running.js';

const own = '0c9a5c1e-6d0b-4c5e-9d5a-0d4ad3a1c001';

const server = running();
const ann = server.as('ann');

const messagesOf = async (id: string, query: string): Promise<readonly MessageView[]> =>
  (await bodyOf(ann.get<Page<MessageView>>(`/v1/sessions/${id}/messages?${query}`))).items;

describe('posting a message', () => {
  it('keeps everything that a message says', async () => {
    const session = await createSession(ann);
    const fields = {
      id: own,
      role: 'assistant',
      content: [
        { type: 'text', text: 'Looking…' },
        { type: 'image', url: 'https://example.org/a' },
      ],
      name: 'solver',
      toolCalls: [{ id: 'call-1', function: { name: 'ls', arguments: '{"path":"."}' } }],
      metadata: { tokens: 12 },
    };
    const path = `/v1/sessions/${session.id}/messages`;
    const { status, headers, body } = await ann.post(path, fields);
    expect(status).toBe(201);
    expect(body).toEqual({
      id: own,
      stream: session.stream,
      revision: 1,
      position: expect.stringMatching(/^\d+$/),
    });
    expect(headers.get('location')).toBe(`${path}/${own}`);
    expect(headers.get('etag')).toBe('"1"');
    const tool = await postMessage(ann, session.id, 'a.txt', {
      role: 'tool',
      toolCallId: 'call-1',
    });
    const [first, second] = await messagesOf(session.id, `after=${tool.position}`);
    expect(first).toEqual({
      ...fields,
      createdAt: expect.stringMatching(/Z$/),
      revision: 1,
    });
    expect(second).toMatchObject({ role: 'tool', toolCallId: 'call-1', metadata: {}, revision: 2 });
    const found = await bodyOf(ann.get<SessionView>(`/v1/sessions/${session.id}`));
    expect(found).toMatchObject({ messageCount: 2, revision: 2 });
  });

  it('adds nothing when the same message is posted again, even after it was edited', async () => {
    const { id, stream } = await createSession(ann);
    const fields = { id: own, role: 'user', content: 'once', metadata: { a: 1, b: 2 } };
    const path = `/v1/sessions/${id}/messages`;
    const first = await bodyOf(ann.post(path, fields));
    expect(await bodyOf(ann.post(path, { ...fields, metadata: { b: 2, a: 1 } }))).toEqual(first);
    await bodyOf(ann.patch(`${path}/${own}`, { content: 'edited' }));
    await bodyOf(ann.post(path, fields));
    expect((await eventsOf(ann, stream)).map(({ type }) => type)).toEqual([
      'SessionCreated',
      'MessagePosted',
      'MessageEdited',
    ]);
  });

  it('refuses other content under an id that is taken', async () => {
    const { id } = await createSession(ann);
    await postMessage(ann, id, 'one', { id: own });
    const path = `/v1/sessions/${id}/messages`;
    const other = await ann.post(path, { id: own, role: 'user', content: 'other' });
    expectProblem(other, 'message-already-exists', 409);
  });

  it('takes the same id in two sessions', async () => {
    const [one, two] = [await createSession(ann), await createSession(ann)];
    await postMessage(ann, one.id, 'one', { id: own });
    const { position } = await postMessage(ann, two.id, 'two', { id: own });
    expect((await messagesOf(one.id, `after=${position}`))[0]?.content).toBe('one');
    expect((await messagesOf(two.id, `after=${position}`))[0]?.content).toBe('two');
  });

  it('keeps content to the letter', async () => {
    const { id, stream } = await createSession(ann);
    const texts = [
      '',
      ' ',
      '\n\r\t',
      '\0 null',
      'e\u0301 é',
      '🚀👩‍👩‍👧',
      '$set {"a.b":1}',
      '</script>',
    ];
    let position = '';
    for (const text of texts) ({ position } = await postMessage(ann, id, text));
    const listed = await messagesOf(id, `after=${position}`);
    expect(listed.map(({ content }) => content)).toEqual(texts);
    const events = await eventsOf(ann, stream);
    expect(events.slice(1).map(({ data }) => data.content)).toEqual(texts);
  });

  it('keeps keys of objects that a database gives a meaning to', async () => {
    const { id, stream } = await createSession(ann);
    const content = [
      {
        $set: { a: 1 },
        'a.b': 2,
        '': 3,
        $ref: 'x',
        $id: 'y',
        toString: 4,
        '0': [[]],
        nested: { $date: 5 },
      },
    ];
    const metadata = {
      $ref: 'a',
      $id: 'b',
      $db: 'c',
      note: { $numberLong: '7' },
      big: 9007199254740991,
      fraction: -1.5e-7,
    };
    const { position } = await postMessage(ann, id, content, { metadata });
    const [listed] = await messagesOf(id, `after=${position}`);
    expect(listed).toMatchObject({ content, metadata });
    expect((await eventsOf(ann, stream))[1]?.data).toMatchObject({ content, metadata });
  });
});

describe('editing and deleting a message', () => {
  it('leaves every earlier version readable as of its revision', async () => {
    const { id } = await createSession(ann);
    const { id: messageId } = await postMessage(ann, id, 'v1');
    const path = `/v1/sessions/${id}/messages/${messageId}`;
    for (const content of ['v2', 'v3']) await bodyOf(ann.patch(path, { content }));
    const { position, revision } = await bodyOf(ann.delete(path));
    expect(revision).toBe(4);
    const contents = async (query: string) =>
      (await messagesOf(id, `after=${position}&${query}`)).map(({ content }) => content);
    expect(await contents('at=0')).toEqual([]);
    expect(await contents('at=1')).toEqual(['v1']);
    expect(await contents('at=2')).toEqual(['v2']);
    expect(await contents('at=3')).toEqual(['v3']);
    expect(await contents('at=4')).toEqual([]);
    expect(await contents('')).toEqual([]);
    expect(await messagesOf(id, 'includeDeleted=true')).toMatchObject([
      { id: messageId, content: 'v3', deleted: true, revision: 1 },
    ]);
    expect(await messagesOf(id, 'includeDeleted=true&at=3')).not.toMatchObject([{ deleted: true }]);
  });

  it('says when a message was edited and keeps its place and what else it says', async () => {
    const { id } = await createSession(ann);
    const first = await postMessage(ann, id, 'first', { name: 'Ann', metadata: { a: 1 } });
    await postMessage(ann, id, 'second');
    const path = `/v1/sessions/${id}/messages/${first.id}`;
    const { position, id: edited } = await bodyOf(ann.patch(path, { content: [{ text: 'new' }] }));
    expect(edited).toBe(first.id);
    const [one, two] = await messagesOf(id, `after=${position}`);
    expect(one).toMatchObject({
      id: first.id,
      content: [{ text: 'new' }],
      name: 'Ann',
      metadata: { a: 1 },
      revision: 1,
      editedAt: expect.stringMatching(/Z$/),
    });
    expect(two).not.toHaveProperty('editedAt');
  });

  it('adds nothing when that is so already', async () => {
    const { id, stream } = await createSession(ann);
    const message = await postMessage(ann, id, 'same');
    const path = `/v1/sessions/${id}/messages/${message.id}`;
    expect((await bodyOf(ann.patch(path, { content: 'same' }))).revision).toBe(1);
    for (const expected of [2, 2]) expect((await bodyOf(ann.delete(path))).revision).toBe(expected);
    expect(await eventsOf(ann, stream)).toHaveLength(3);
    expectProblem(await ann.patch(path, { content: 'late' }), 'message-not-found', 404);
  });

  it('is for messages of users only, as far as editing goes', async () => {
    const { id } = await createSession(ann);
    for (const role of ['assistant', 'system', 'tool']) {
      const message = await postMessage(ann, id, 'said', { role });
      const path = `/v1/sessions/${id}/messages/${message.id}`;
      expectProblem(await ann.patch(path, { content: 'x' }), 'message-not-editable', 409);
      expect((await ann.delete(path)).status).toBe(200);
    }
  });

  it('answers 404 for a message that is not there, or is in another session', async () => {
    const [one, two] = [await createSession(ann), await createSession(ann)];
    const { id } = await postMessage(ann, one.id, 'here');
    const path = `/v1/sessions/${two.id}/messages/${id}`;
    expectProblem(await ann.patch(path, { content: 'x' }), 'message-not-found', 404);
    expectProblem(await ann.delete(path), 'message-not-found', 404);
  });
});

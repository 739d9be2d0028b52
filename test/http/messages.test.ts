import { describe, expect, it } from '@jest/globals';
import type { MessageView } from '../../src/queries/messages.js';
import type { Page } from '../../src/queries/page.js';
import type { SessionView } from '../../src/queries/sessions.js';
import { expectProblem } from './support/expect-problem.js';
import { bodyOf, createSession, eventsOf, postMessage } from './support/making.js';
import { sharing } from './support/running.js';

const own = '0c9a5c1e-6d0b-4c5e-9d5a-0d4ad3a1c001';

const server = sharing();
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

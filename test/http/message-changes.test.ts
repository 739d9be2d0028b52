import { describe, expect, it } from '@jest/globals';
import type { MessageView } from '../../src/queries/messages.js';
import type { Page } from '../../src/queries/page.js';
import { expectProblem } from './support/expect-problem.js';
import { bodyOf, createSession, eventsOf, postMessage } from './support/making.js';
import { sharing } from './support/running.js';

const server = sharing();
const ann = server.as('ann');

const messagesOf = async (id: string, query: string): Promise<readonly MessageView[]> =>
  (await bodyOf(ann.get<Page<MessageView>>(`/v1/sessions/${id}/messages?${query}`))).items;

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

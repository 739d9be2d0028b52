import { beforeAll, describe, expect, it } from '@jest/globals';
import type { MessageView } from '../../src/queries/messages.js';
import type { SessionView } from '../../src/queries/sessions.js';
import type { Written } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
import { bodyOf, createSession, everyItem, forkOf, postMessage } from './support/making.js';
import { sharing } from './support/running.js';

const server = sharing();
const ann = server.as('ann');

describe('what a fork does to messages it inherited', () => {
  let parent: Written;
  let editing: Written;
  let deleting: Written;
  let child: Written;
  let one: string;
  let two: string;
  let after = '';

  const edit = async (session: Written, id: string, content: string) => {
    ({ position: after } = await bodyOf(
      ann.patch(`/v1/sessions/${session.id}/messages/${id}`, { content }),
    ));
  };
  const remove = async (session: Written, id: string) => {
    ({ position: after } = await bodyOf(ann.delete(`/v1/sessions/${session.id}/messages/${id}`)));
  };
  const list = async ({ id }: Written, query = '') =>
    (
      await everyItem<MessageView>(
        ann,
        `/v1/sessions/${id}/messages?after=${after}&limit=2&${query}`,
      )
    ).map(({ content, deleted }) => (deleted ? `(${content})` : content));

  // parent 0 created, 1 one, 2 two
  // ├─ editing 3 forked, 4 edits one, 5 posts three ─ child (of 5) 6 forked, 7 edits one, 8 deletes two
  // └─ deleting 3 forked, 4 deletes one
  beforeAll(async () => {
    parent = await createSession(ann);
    one = (await postMessage(ann, parent.id, 'one')).id;
    two = (await postMessage(ann, parent.id, 'two')).id;
    editing = await forkOf(ann, parent.stream, 2);
    deleting = await forkOf(ann, parent.stream, 2);
    await edit(editing, one, 'one, edited');
    await postMessage(ann, editing.id, 'three');
    await remove(deleting, one);
    child = await forkOf(ann, editing.stream, 5);
    await edit(child, one, 'one, edited twice');
    await remove(child, two);
    await edit(parent, two, 'two, edited in the parent');
  });

  it('is seen in the fork and its own forks only', async () => {
    expect(await list(parent)).toEqual(['one', 'two, edited in the parent']);
    expect(await list(editing)).toEqual(['one, edited', 'two', 'three']);
    expect(await list(deleting)).toEqual(['two']);
    expect(await list(child)).toEqual(['one, edited twice', 'three']);
  });

  it('leaves deleted ones to be seen where that is asked for', async () => {
    expect(await list(deleting, 'includeDeleted=true')).toEqual(['(one)', 'two']);
    expect(await list(child, 'includeDeleted=true')).toEqual([
      'one, edited twice',
      '(two)',
      'three',
    ]);
    expect(await list(parent, 'includeDeleted=true')).toEqual(['one', 'two, edited in the parent']);
  });

  it('is seen from its revision on, and not before', async () => {
    expect(await list(parent, 'at=2')).toEqual(['one', 'two']);
    expect(await list(parent, 'at=3')).toEqual(['one', 'two, edited in the parent']);
    expect(await list(editing, 'at=3')).toEqual(['one', 'two']);
    expect(await list(editing, 'at=4')).toEqual(['one, edited', 'two']);
    expect(await list(editing, 'at=5')).toEqual(['one, edited', 'two', 'three']);
    expect(await list(deleting, 'at=3')).toEqual(['one', 'two']);
    expect(await list(deleting, 'at=4')).toEqual(['two']);
    expect(await list(child, 'at=1')).toEqual(['one']);
    expect(await list(child, 'at=3')).toEqual(['one', 'two']);
    expect(await list(child, 'at=6')).toEqual(['one, edited', 'two', 'three']);
    expect(await list(child, 'at=7')).toEqual(['one, edited twice', 'two', 'three']);
    expect(await list(child, 'at=8')).toEqual(['one, edited twice', 'three']);
  });

  it('is counted in the fork only', async () => {
    const count = async ({ id }: Written) =>
      (await bodyOf(ann.get<SessionView>(`/v1/sessions/${id}`))).messageCount;
    expect(await count(parent)).toBe(2);
    expect(await count(editing)).toBe(3);
    expect(await count(deleting)).toBe(1);
    expect(await count(child)).toBe(2);
  });

  it('cannot be done to what the parent added after the fork', async () => {
    const later = await postMessage(ann, parent.id, 'later');
    const path = `/v1/sessions/${editing.id}/messages/${later.id}`;
    expectProblem(await ann.patch(path, { content: 'x' }), 'message-not-found', 404);
    expectProblem(await ann.delete(path), 'message-not-found', 404);
    const { position } = await postMessage(ann, editing.id, 'same id', { id: later.id });
    after = position;
    expect(await list(parent)).toContain('later');
    expect(await list(editing)).toEqual(['one, edited', 'two', 'three', 'same id']);
  });

  it('includes posting an inherited message again, which adds nothing', async () => {
    const fields = { id: two, role: 'user', content: 'two' };
    const before = await list(deleting);
    const again = await ann.post(`/v1/sessions/${deleting.id}/messages`, fields);
    expect(again.body.revision).toBe(4);
    const other = await ann.post(`/v1/sessions/${deleting.id}/messages`, {
      ...fields,
      content: '',
    });
    expectProblem(other, 'message-already-exists', 409);
    expect(await list(deleting)).toEqual(before);
  });
});

describe('the life of a fork', () => {
  it('is its own: each goes on, is renamed and ends without the other', async () => {
    const parent = await createSession(ann, { title: 'Parent' });
    const fork = await forkOf(ann, parent.stream, 0);
    await bodyOf(ann.patch(`/v1/sessions/${fork.id}`, { title: 'Fork' }));
    await bodyOf(ann.post(`/v1/sessions/${parent.id}/terminate`));
    const { position } = await postMessage(ann, fork.id, 'still here');
    const of = ({ id }: Written) =>
      bodyOf(ann.get<SessionView>(`/v1/sessions/${id}?after=${position}`));
    expect(await of(parent)).toMatchObject({ title: 'Parent', status: 'terminated' });
    expect(await of(fork)).toMatchObject({ title: 'Fork', status: 'created', messageCount: 1 });
  });

  it('starts terminated when forked after the end, and as it was when forked before', async () => {
    const { id, stream } = await createSession(ann);
    await bodyOf(ann.post(`/v1/sessions/${id}/terminate`));
    const ended = await forkOf(ann, stream, 1);
    const before = await forkOf(ann, stream, 0);
    const post = (session: Written) =>
      ann.post(`/v1/sessions/${session.id}/messages`, { role: 'user', content: 'hi' });
    expectProblem(await post(ended), 'session-not-active', 409);
    expect((await post(before)).status).toBe(201);
  });

  it('belongs to the owner of what was forked, also when an administrator forks it', async () => {
    const { stream } = await createSession(ann);
    const fork = await forkOf(server.as(), stream, 0);
    const found = await bodyOf(
      ann.get<SessionView>(`/v1/sessions/${fork.id}?after=${fork.position}`),
    );
    expect(found.userId).toBe('ann');
  });
});

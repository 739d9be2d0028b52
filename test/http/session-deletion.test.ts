import { describe, expect, it } from '@jest/globals';
import type { SessionView } from '../../src/queries/sessions.js';
import { expectProblem } from './support/expect-problem.js';
import {
  bodyOf,
  createSession,
  eventsOf,
  everyItem,
  forkOf,
  postMessage,
} from './support/making.js';
import { sharing } from './support/running.js';

const server = sharing();
const ann = server.as('ann');

const isListed = async (id: string, query: string): Promise<boolean> =>
  (await everyItem<SessionView>(ann, `/v1/sessions?${query}`)).some((item) => item.id === id);

describe('a deleted session', () => {
  it('is hidden from lists and stays readable by its id', async () => {
    const { id } = await createSession(ann);
    const { position, revision } = await bodyOf(ann.delete(`/v1/sessions/${id}`));
    expect(revision).toBe(1);
    expect(await isListed(id, `after=${position}`)).toBe(false);
    expect(await isListed(id, `after=${position}&includeDeleted=true`)).toBe(true);
    const { body } = await ann.get<SessionView>(`/v1/sessions/${id}`);
    expect(body).toMatchObject({ deleted: true, status: 'created', revision: 1 });
  });

  it('refuses every change but being restored', async () => {
    const { id } = await createSession(ann);
    const message = await postMessage(ann, id, 'hi');
    await bodyOf(ann.delete(`/v1/sessions/${id}`));
    const path = `/v1/sessions/${id}`;
    for (const refused of [
      ann.patch(path, { title: 'x' }),
      ann.post(`${path}/pause`),
      ann.post(`${path}/resume`),
      ann.post(`${path}/terminate`),
      ann.post(`${path}/transitions`, { status: 'active' }),
      ann.post(`${path}/messages`, { role: 'user', content: 'x' }),
      ann.patch(`${path}/messages/${message.id}`, { content: 'x' }),
      ann.delete(`${path}/messages/${message.id}`),
    ])
      expectProblem(await refused, 'session-deleted', 409);
    const restored = await bodyOf(ann.post(`${path}/restore`));
    expect(restored.revision).toBe(3);
    expect(await isListed(id, `after=${restored.position}`)).toBe(true);
    await postMessage(ann, id, 'again');
  });

  it('is deleted once, and restored once, however often that is asked', async () => {
    const { id, stream } = await createSession(ann);
    for (const expected of [1, 1])
      expect((await bodyOf(ann.delete(`/v1/sessions/${id}`))).revision).toBe(expected);
    for (const expected of [2, 2])
      expect((await bodyOf(ann.post(`/v1/sessions/${id}/restore`))).revision).toBe(expected);
    expect((await eventsOf(ann, stream)).map(({ type }) => type)).toEqual([
      'SessionCreated',
      'SessionDeleted',
      'SessionRestored',
    ]);
  });

  it('can be forked from before its deletion, into a session that is not deleted', async () => {
    const { id, stream } = await createSession(ann, { title: 'Undo' });
    await bodyOf(ann.delete(`/v1/sessions/${id}`));
    const fork = await forkOf(ann, stream, 0);
    const asItWas = await bodyOf(
      ann.get<SessionView>(`/v1/sessions/${fork.id}?after=${fork.position}`),
    );
    expect(asItWas).toMatchObject({ title: 'Undo', deleted: false });
    const deletedFork = await forkOf(ann, stream, 1);
    const found = await bodyOf(
      ann.get<SessionView>(`/v1/sessions/${deletedFork.id}?after=${deletedFork.position}`),
    );
    expect(found).toMatchObject({ title: 'Undo', deleted: true });
  });

  it('of someone else is not there', async () => {
    const { id } = await createSession(ann);
    const bob = server.as('bob');
    expectProblem(await bob.delete(`/v1/sessions/${id}`), 'session-not-found', 404);
    expectProblem(await bob.delete(`/v1/sessions/${id}?hard=true`), 'session-not-found', 404);
    expectProblem(await bob.post(`/v1/sessions/${id}/restore`), 'session-not-found', 404);
    expect(await eventsOf(ann, `session-${id}`)).toHaveLength(1);
  });
});

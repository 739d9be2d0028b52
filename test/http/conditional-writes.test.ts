import { describe, expect, it } from '@jest/globals';
import { expectProblem } from './support/expect-problem.js';
import { bodyOf, createSession, eventsOf, postMessage, startExecution } from './support/making.js';
import { sharing } from './support/running.js';

const server = sharing();
const ann = server.as('ann');
const at = (revision: number | string) => ({ 'If-Match': `"${revision}"` });

describe('If-Match', () => {
  it('lets a write through at the revision it names, which the last answer had as ETag', async () => {
    const created = await ann.post('/v1/sessions');
    let etag = created.headers.get('etag')!;
    const path = `/v1/sessions/${created.body.id}`;
    for (const [index, title] of ['a', 'b', 'c'].entries()) {
      const reply = await ann.patch(path, { title }, { 'If-Match': etag });
      expect(reply.status).toBe(200);
      etag = reply.headers.get('etag')!;
      expect(etag).toBe(`"${index + 1}"`);
    }
  });

  it('stops any write at another revision, says where the stream is and changes nothing', async () => {
    const { id, stream } = await createSession(ann);
    const message = await postMessage(ann, id, 'one');
    const path = `/v1/sessions/${id}`;
    for (const stale of [
      ann.patch(path, { title: 'x' }, at(0)),
      ann.post(`${path}/messages`, { role: 'user', content: 'x' }, at(2)),
      ann.patch(`${path}/messages/${message.id}`, { content: 'x' }, at(7)),
      ann.delete(`${path}/messages/${message.id}`, at(0)),
      ann.post(`${path}/transitions`, { status: 'active' }, at(0)),
      ann.post(`${path}/terminate`, {}, at(999_999)),
      ann.delete(path, at(0)),
    ])
      expect(expectProblem(await stale, 'revision-mismatch', 412).currentRevision).toBe(1);
    expect(await eventsOf(ann, stream)).toHaveLength(2);
  });

  it('stops writes to executions as well', async () => {
    const { id, stream } = await startExecution(ann);
    const checkpoint = { agent: 'a', stage: 's', stageOrder: 0, state: {} };
    const path = `/v1/executions/${id}`;
    for (const stale of [
      ann.post(`${path}/checkpoints`, checkpoint, at(1)),
      ann.post(`${path}/complete`, {}, at(1)),
    ])
      expect(expectProblem(await stale, 'revision-mismatch', 412).currentRevision).toBe(0);
    expect((await ann.post(`${path}/checkpoints`, checkpoint, at(0))).status).toBe(201);
    expect(await eventsOf(ann, stream)).toHaveLength(2);
  });

  it('comes before the rules: what would be refused is told to look again', async () => {
    const { id } = await createSession(ann);
    const pause = `/v1/sessions/${id}/pause`;
    expectProblem(await ann.post(pause, {}, at(3)), 'revision-mismatch', 412);
    expectProblem(await ann.post(pause, {}, at(0)), 'session-transition-not-allowed', 409);
  });

  it('on something new says that there is no revision yet', async () => {
    const reply = await ann.post('/v1/sessions', {}, at(0));
    expect(expectProblem(reply, 'revision-mismatch', 412).currentRevision).toBe(null);
  });

  it('tells nothing of what belongs to someone else', async () => {
    const { id } = await createSession(ann);
    const path = `/v1/sessions/${id}`;
    const bob = server.as('bob');
    for (const revision of [0, 5])
      expectProblem(await bob.patch(path, { title: 'x' }, at(revision)), 'session-not-found', 404);
  });

  it('lets one of many through that name the same revision', async () => {
    const { id, stream } = await createSession(ann);
    const replies = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        ann.patch(`/v1/sessions/${id}`, { title: `${n}` }, at(0)),
      ),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(412)]);
    expect(await eventsOf(ann, stream)).toHaveLength(2);
  });

  it('without it, many writes at once all come through', async () => {
    const { id } = await createSession(ann);
    const replies = await Promise.all(
      Array.from({ length: 10 }, (_, n) => ann.patch(`/v1/sessions/${id}`, { title: `${n}` })),
    );
    expect(replies.map(({ body }) => body.revision).sort((a, b) => a - b)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
  });

  it('of a star asks for no revision', async () => {
    const { id } = await createSession(ann);
    const body = { title: 'x' };
    await bodyOf(ann.patch(`/v1/sessions/${id}`, body, { 'If-Match': '*' }));
  });

  it.each(['0', 'W/"0"', '"0", "1"', '""', '"-1"', '"a"', '"0x1"', '"1e3"', '"9999999999999999"'])(
    'that is not one strong tag of a revision is refused: %s',
    async (tag) => {
      const { id, stream } = await createSession(ann);
      const reply = await ann.patch(`/v1/sessions/${id}`, { title: 'x' }, { 'If-Match': tag });
      expect(expectProblem(reply, 'bad-request', 400).errors?.[0]?.path).toBe('If-Match');
      expect(await eventsOf(ann, stream)).toHaveLength(1);
    },
  );
});

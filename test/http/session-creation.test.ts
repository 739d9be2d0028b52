import { describe, expect, it } from '@jest/globals';
import type { SessionView } from '../../src/queries/sessions.js';
import { expectProblem } from './support/expect-problem.js';
import { createSession, eventsOf } from './support/making.js';
import { sharing } from './support/running.js';

const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const own = '0c9a5c1e-6d0b-4c5e-9d5a-0d4ad3a1b001';

const server = sharing();
const ann = server.as('ann');
const bob = server.as('bob');

describe('creating a session', () => {
  it('makes a UUIDv7 for it and says where it is', async () => {
    const { status, headers, body } = await ann.post('/v1/sessions', { title: 'Plan' });
    expect(status).toBe(201);
    expect(body.id).toMatch(uuidV7);
    expect(body).toEqual({
      id: body.id,
      stream: `session-${body.id}`,
      revision: 0,
      position: expect.stringMatching(/^\d+$/),
    });
    expect(headers.get('location')).toBe(`/v1/sessions/${body.id}`);
    expect(headers.get('etag')).toBe('"0"');
  });

  it('takes an id of the client and everything else that a session has', async () => {
    const parent = await createSession(ann);
    const fields = {
      id: own,
      title: 'Fix the build',
      mode: 'background',
      metadata: { repository: 'forkline', tags: ['ci', 'urgent'], nested: { depth: 2 } },
      parentSessionId: parent.id,
    };
    const { id, position } = await createSession(ann, fields);
    expect(id).toBe(own);
    const { status, headers, body } = await ann.get<SessionView>(
      `/v1/sessions/${own}?after=${position}`,
    );
    expect(status).toBe(200);
    expect(headers.get('etag')).toBe('"0"');
    expect(body).toEqual({
      ...fields,
      userId: 'ann',
      status: 'created',
      archived: false,
      deleted: false,
      messageCount: 0,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      updatedAt: body.createdAt,
      revision: 0,
    });
  });

  it('fills in what is left out', async () => {
    const { id, position } = await createSession(ann);
    const { body } = await ann.get<SessionView>(`/v1/sessions/${id}?after=${position}`);
    expect(body).toMatchObject({ title: '', mode: 'interactive', metadata: {} });
    expect(body).not.toHaveProperty('parentSessionId');
  });

  it('adds nothing when the same session is created again', async () => {
    const id = '0c9a5c1e-6d0b-4c5e-9d5a-0d4ad3a1b002';
    const fields = { id, title: 'Twice', metadata: { a: 1, b: 2 } };
    const first = await createSession(ann, fields);
    const again = await ann.post('/v1/sessions', { ...fields, metadata: { b: 2, a: 1 } });
    expect(again.status).toBe(201);
    expect(again.body).toEqual(first);
    expect(await eventsOf(ann, first.stream)).toHaveLength(1);
  });

  it('takes an id in upper case for the same id', async () => {
    const id = '0c9a5c1e-6d0b-4c5e-9d5a-0d4ad3a1b003';
    const created = await createSession(ann, { id: id.toUpperCase() });
    expect(created.id).toBe(id);
    const { status } = await ann.get(`/v1/sessions/${id.toUpperCase()}?after=${created.position}`);
    expect(status).toBe(200);
  });

  it('takes it in the names of streams, wherever these are asked for', async () => {
    const id = '0c9a5c1e-6d0b-4c5e-9d5a-0d4ad3a1b00a';
    const { stream } = await createSession(ann, { id });
    const shouted = `session-${id.toUpperCase()}`;
    const fork = await ann.post(`/v1/streams/${shouted}/forks`, { at: 0 });
    expect(fork.status).toBe(201);
    const after = `after=${fork.body.position}`;
    const of = (name: string) => [
      `/v1/streams/${name}/events?${after}`,
      `/v1/streams/${name}/state?${after}`,
      `/v1/streams/${name}/steps?${after}`,
      `/v1/streams/${name}/lineage?${after}`,
      `/v1/streams/compare?a=${name}&b=${name}@0&${after}`,
    ];
    for (const [n, path] of of(shouted).entries()) {
      const { status, body } = await ann.get(path);
      expect([status, body]).toEqual([200, (await ann.get(of(stream)[n]!)).body]);
    }
    const detached = await ann.post(`/v1/streams/session-${fork.body.id.toUpperCase()}/detach`);
    expect(detached).toMatchObject({ status: 200, body: { stream: fork.body.stream } });
    expectProblem(await ann.get(`/v1/streams/Session-${id}/events`), 'stream-not-found', 404);
  });

  it('refuses other content under an id that is taken', async () => {
    const id = '0c9a5c1e-6d0b-4c5e-9d5a-0d4ad3a1b004';
    await createSession(ann, { id, title: 'One' });
    expectProblem(
      await ann.post('/v1/sessions', { id, title: 'Other' }),
      'session-already-exists',
      409,
    );
  });

  it('refuses an id that someone else has taken, and shows nothing of theirs', async () => {
    const id = '0c9a5c1e-6d0b-4c5e-9d5a-0d4ad3a1b005';
    const { stream } = await createSession(ann, { id, title: 'Mine' });
    const refused = await bob.post('/v1/sessions', { id, title: 'Mine' });
    expectProblem(refused, 'session-already-exists', 409);
    expect(refused.text).not.toContain('ann');
    expect(await eventsOf(ann, stream)).toHaveLength(1);
  });

  it('refuses an id whose session was deleted for good', async () => {
    const id = '0c9a5c1e-6d0b-4c5e-9d5a-0d4ad3a1b006';
    await createSession(ann, { id });
    expect((await ann.delete(`/v1/sessions/${id}?hard=true`)).status).toBe(200);
    expectProblem(await ann.post('/v1/sessions', { id }), 'session-already-exists', 409);
  });
});

describe('getting a session', () => {
  it('answers 404 for one that never was', async () => {
    const missing = '0c9a5c1e-6d0b-4c5e-9d5a-0d4ad3a1bfff';
    expectProblem(await ann.get(`/v1/sessions/${missing}`), 'session-not-found', 404);
  });

  it('answers 304 to who has the current revision', async () => {
    const { id, position } = await createSession(ann);
    const path = `/v1/sessions/${id}?after=${position}`;
    // Left to itself, fetch asks for a fresh answer as soon as it is given a condition.
    const holding = (etag: string) => ({ 'If-None-Match': etag, 'Cache-Control': 'max-age=0' });
    const { status, text } = await ann.get(path, holding('"0"'));
    expect({ status, text }).toEqual({ status: 304, text: '' });
    expect((await ann.get(path, holding('"7"'))).status).toBe(200);
  });
});

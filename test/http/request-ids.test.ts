import { describe, expect, it } from '@jest/globals';
import { expectProblem } from './support/expect-problem.js';
import { bodyOf, createSession, eventsOf } from './support/making.js';
import { sharing } from './support/running.js';

const server = sharing();
const ann = server.as('ann');
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const lastMetadata = async (stream: string) => (await eventsOf(ann, stream)).at(-1)!.metadata;

describe('the id of a request', () => {
  it('is the one it brings, is returned and kept with its events', async () => {
    const headers = { 'X-Request-Id': 'build-17/step:3' };
    const reply = await ann.post('/v1/sessions', {}, headers);
    expect(reply.headers.get('x-request-id')).toBe('build-17/step:3');
    expect((await lastMetadata(reply.body.stream)).requestId).toBe('build-17/step:3');
  });

  it('is made where there is none, or none that can be printed', async () => {
    const made = new Set<string>();
    for (const headers of [
      {},
      { 'X-Request-Id': '' },
      { 'X-Request-Id': 'a b' },
      { 'X-Request-Id': 'ü' },
      { 'X-Request-Id': 'x'.repeat(201) },
    ] as const) {
      const reply = await ann.post('/v1/sessions', {}, { ...headers });
      const id = reply.headers.get('x-request-id')!;
      expect(id).toMatch(uuid);
      expect((await lastMetadata(reply.body.stream)).requestId).toBe(id);
      made.add(id);
    }
    expect(made.size).toBe(5);
  });

  it('is in every refusal, made or brought', async () => {
    for (const headers of [{}, { 'X-Request-Id': 'mine' }]) {
      expectProblem(await ann.get('/nowhere', { ...headers }), 'not-found', 404);
      expectProblem(await ann.delete('/v1/sessions', { ...headers }), 'method-not-allowed', 405);
      expectProblem(await ann.get('/v1/sessions/x', { ...headers }), 'bad-request', 400);
    }
  });

  it('is on what is no refusal either', async () => {
    expect((await ann.get('/v1/sessions')).headers.get('x-request-id')).toMatch(uuid);
    expect((await ann.get('/healthz')).headers.get('x-request-id')).toMatch(uuid);
  });
});

describe('the metadata of events', () => {
  it('says who asked, whose it is, and what it belongs to', async () => {
    const { id, stream } = await createSession(ann);
    await bodyOf(server.as().patch(`/v1/sessions/${id}`, { title: 'by an administrator' }));
    expect(await lastMetadata(stream)).toMatchObject({
      userId: 'local',
      ownerId: 'ann',
      $correlationId: id,
      schemaVersion: 1,
    });
  });

  it('has one command and cause for the events of one request, and ids of their own', async () => {
    const { id, stream } = await createSession(ann);
    await bodyOf(ann.patch(`/v1/sessions/${id}`, { title: 'x', archived: true }));
    const [created, renamed, archived] = await eventsOf(ann, stream);
    expect(renamed!.metadata.commandId).toBe(archived!.metadata.commandId);
    expect(renamed!.metadata.$causationId).toBe(renamed!.metadata.commandId);
    expect(renamed!.metadata.commandId).not.toBe(created!.metadata.commandId);
    expect(new Set([created!.id, renamed!.id, archived!.id]).size).toBe(3);
  });

  it('keeps the trace context of the request when it is one', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const { body } = await ann.post('/v1/sessions', {}, { traceparent });
    expect((await lastMetadata(body.stream)).traceparent).toBe(traceparent);
  });

  it.each([
    '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01',
    'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    '00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7',
    'nonsense',
  ])('passes over a trace context that is none: %s', async (traceparent) => {
    const { status, body } = await ann.post('/v1/sessions', {}, { traceparent });
    expect(status).toBe(201);
    expect(await lastMetadata(body.stream)).not.toHaveProperty('traceparent');
  });
});

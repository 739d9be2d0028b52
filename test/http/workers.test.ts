import { describe, expect, it } from '@jest/globals';
import type { Written } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
import { bodyOf, eventsOf } from './support/making.js';
import { sharing } from './support/running.js';

const program = sharing();
const ann = program.as('ann');
const bob = program.as('bob');

type Worker = Readonly<{
  id: string;
  status: string;
  stopRequested: boolean;
  lastHeartbeatAt?: string;
}>;
type Listed = Readonly<{ items: readonly Worker[]; next: string | null }>;

const register = (id: string, fields: object = {}) =>
  bodyOf(ann.post('/v1/workers', { id, queues: ['reports'], ...fields }));

/** The worker as it is after its stream's last event. */
const worker = async (id: string, after?: string) =>
  bodyOf(ann.get<Worker>(`/v1/workers/${id}${after === undefined ? '' : `?after=${after}`}`));

const typesOf = async (id: string) => (await eventsOf(ann, `worker-${id}`)).map(({ type }) => type);

describe('registering a worker', () => {
  it('creates it under the id it names, with what it takes', async () => {
    const { status, headers, body } = await ann.post('/v1/workers', {
      ...{ id: 'build.host_1-a', queues: ['reports', 'mail.*'] },
      ...{ maxConcurrentTasks: 4, heartbeatSeconds: 30 },
    });
    expect(status).toBe(201);
    expect(headers.get('location')).toBe('/v1/workers/build.host_1-a');
    expect(body).toMatchObject({ id: 'build.host_1-a', stream: 'worker-build.host_1-a' });
    expect(await worker('build.host_1-a', body.position)).toEqual({
      ...{ id: 'build.host_1-a', userId: 'ann', queues: ['reports', 'mail.*'] },
      ...{ maxConcurrentTasks: 4, heartbeatSeconds: 30, status: 'active', stopRequested: false },
      tasks: { active: 0, completed: 0, failed: 0 },
      revision: 0,
      registeredAt: expect.any(String),
      updatedAt: expect.any(String),
      lastHeartbeatAt: expect.any(String),
    });
  });

  it('adds nothing the second time, and changes what it takes', async () => {
    await register('again');
    const { status, body } = await ann.post('/v1/workers', { id: 'again', queues: ['reports'] });
    expect({ status, revision: body.revision }).toEqual({ status: 201, revision: 0 });
    const changed = await ann.post('/v1/workers', { id: 'again', queues: ['mail'] });
    expect({ status: changed.status, revision: changed.body.revision }).toEqual({
      ...{ status: 200, revision: 1 },
    });
    expect(await worker('again', changed.body.position)).toMatchObject({ queues: ['mail'] });
  });

  it('leaves an id to whoever has it, and says no more of it', async () => {
    await register('taken');
    const refused = await bob.post('/v1/workers', { id: 'taken', queues: ['reports'] });
    expectProblem(refused, 'worker-already-exists', 409);
    for (const reply of [
      bob.get('/v1/workers/taken'),
      bob.post('/v1/workers/taken/heartbeat'),
      bob.post('/v1/workers/taken/stop', {}),
    ])
      expectProblem(await reply, 'worker-not-found', 404);
    expect(await typesOf('taken')).toEqual(['WorkerRegistered']);
  });

  it.each([
    ['an id with a slash', { id: 'a/b', queues: ['q'] }],
    ['an id that is a folder', { id: '..', queues: ['q'] }],
    ['an id that is too long', { id: 'x'.repeat(101), queues: ['q'] }],
    ['no queue', { id: 'a', queues: [] }],
    ['a heartbeat that is too quick', { id: 'a', queues: ['q'], heartbeatSeconds: 0.1 }],
    ['room for nothing', { id: 'a', queues: ['q'], maxConcurrentTasks: 0 }],
  ])('refuses %s', async (_, body) => {
    expectProblem(await ann.post('/v1/workers', body), 'bad-request', 400);
  });
});

describe('a heartbeat', () => {
  it('is noted without an event, and says until when the next is to come', async () => {
    const { position } = await register('beating', { heartbeatSeconds: 100 });
    const before = await worker('beating', position);
    const beat = await ann.post<Worker & { expiresAt: string }>('/v1/workers/beating/heartbeat');
    expect(beat.body).toEqual({
      ...{ id: 'beating', status: 'active', stopRequested: false },
      expiresAt: expect.any(String),
    });
    const { lastHeartbeatAt = '' } = await worker('beating');
    expect(lastHeartbeatAt > (before.lastHeartbeatAt ?? '')).toBe(true);
    expect(Date.parse(beat.body.expiresAt) - Date.parse(lastHeartbeatAt)).toBe(300_000);
    expect(await typesOf('beating')).toEqual(['WorkerRegistered']);
  });

  it('is refused from a worker nobody knows', async () => {
    expectProblem(await ann.post('/v1/workers/nobody/heartbeat'), 'worker-not-found', 404);
  });
});

describe('stopping a worker', () => {
  it('asks it by the answer to its next heartbeat, and takes its word that it has', async () => {
    await register('stopping');
    const { position } = await bodyOf(ann.post('/v1/workers/stopping/stop'));
    expect(await worker('stopping', position)).toMatchObject({ status: 'stopping' });
    const beat = await ann.post<Worker>('/v1/workers/stopping/heartbeat');
    expect(beat.body).toMatchObject({ status: 'stopping', stopRequested: true });

    const stopped = await bodyOf(ann.post('/v1/workers/stopping/stop', { stopped: true }));
    expect(await worker('stopping', stopped.position)).toMatchObject({ status: 'stopped' });
    expectProblem(await ann.post('/v1/workers/stopping/heartbeat'), 'worker-stopped', 409);
    expect(await typesOf('stopping')).toEqual([
      ...['WorkerRegistered', 'WorkerStopRequested', 'WorkerStopped'],
    ]);
  });

  it('is undone by registering again', async () => {
    await register('back');
    await bodyOf(ann.post('/v1/workers/back/stop', { stopped: true }));
    const { position } = await register('back');
    expect(await worker('back', position)).toMatchObject({ status: 'active' });
    expect((await ann.post('/v1/workers/back/heartbeat')).status).toBe(200);
  });
});

describe('the tasks of a worker', () => {
  it('are counted, also from before it registered, which nobody is shown', async () => {
    await bodyOf(ann.post('/v1/tasks', { type: 't', queue: 'early' }));
    const claim = { workerId: 'stranger', waitSeconds: 20 };
    const { items } = await bodyOf(
      ann.post<{ items: readonly { id: string; leaseToken: string; position: string }[] }>(
        '/v1/queues/early/claim',
        claim,
      ),
    );
    const [task] = items;
    const unknown = await ann.get(`/v1/workers/stranger?after=${task?.position}`);
    expectProblem(unknown, 'worker-not-found', 404);
    const everybodys = await bodyOf(program.as().get<Listed>('/v1/workers?limit=500'));
    expect(everybodys.items.map(({ id }) => id)).not.toContain('stranger');

    const { position } = await register('stranger');
    expect(await worker('stranger', position)).toMatchObject({
      tasks: { active: 1, completed: 0, failed: 0 },
    });
    const { leaseToken } = task!;
    const done = await bodyOf(ann.post(`/v1/tasks/${task!.id}/complete`, { leaseToken }));
    expect(await worker('stranger', done.position)).toMatchObject({
      tasks: { active: 0, completed: 1, failed: 0 },
    });
  });
});

describe('the list of workers', () => {
  const listed = async (query: string) => {
    const { items, next } = await bodyOf(program.as('cid').get<Listed>(`/v1/workers?${query}`));
    return { ids: items.map(({ id }) => id), next };
  };

  it('has the own ones by id, page by page, by status and by queue', async () => {
    const cid = program.as('cid');
    const written: Written[] = [];
    for (const [id, queues] of [
      ['c-3', ['*']],
      ['c-1', ['mail.out']],
      ['c-2', ['mail.*', 'web']],
    ] as const)
      written.push(await bodyOf(cid.post('/v1/workers', { id, queues })));
    written.push(await bodyOf(cid.post('/v1/workers/c-2/stop', { stopped: true })));
    const after = `after=${written.at(-1)?.position}`;
    expect((await listed(after)).ids).toEqual(['c-1', 'c-2', 'c-3']);
    expect((await listed('status=stopped')).ids).toEqual(['c-2']);
    expect((await listed('queue=mail.out')).ids).toEqual(['c-1', 'c-2', 'c-3']);
    expect((await listed('queue=mail.in')).ids).toEqual(['c-2', 'c-3']);
    expect((await listed('queue=web&status=active')).ids).toEqual(['c-3']);

    const first = await listed('limit=2');
    expect(first.ids).toEqual(['c-1', 'c-2']);
    expect(await listed(`limit=2&cursor=${first.next}`)).toEqual({ ids: ['c-3'], next: null });
  });
});

import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { expect } from '@jest/globals';
import { v4 as newId } from 'uuid';
import type { Json } from '../../support/api.js';
import { expectInContract } from '../../support/contract.js';
import { register, settled } from '../../webhooks/support/hooks.js';
import { startReceiver } from '../../webhooks/support/receiver.js';
import type { Api } from './api.js';
import { bodyOf, createSession, forkOf, postMessage, startExecution } from './making.js';
import { claimTasks, heldTask, submitTask } from './tasks.js';

type Places = Readonly<{ url(): string; eventStoreUrl(): string }>;

/** Rounds through all operations, a kind of thing at a time. `api` calls as an administrator. */
export const roundsOf = (
  api: Api,
  { url, eventStoreUrl }: Places,
): Readonly<Record<string, () => Promise<unknown>>> => {
  const get = (path: string) => bodyOf(api.get<Json>(path));
  const post = (path: string, body?: unknown) => bodyOf(api.post<Json>(path, body));

  return {
    sessions: async () => {
      const { id, position } = await createSession(api, { title: 'Walked through' });
      const path = `/v1/sessions/${id}`;
      await get(`/v1/sessions?after=${position}&q=walked`);
      await get(`${path}?after=${position}`);
      await bodyOf(api.patch(path, { metadata: { a: 1 } }));
      const message = await postMessage(api, id, 'a word', { metadata: { b: [null] } });
      const of = `${path}/messages/${message.id}`;
      const { position: edited } = await bodyOf(api.patch(of, { content: [{ text: 'words' }] }));
      await get(`${path}/messages?after=${edited}`);
      await get(`/v1/messages/search?q=words&after=${edited}`);
      await bodyOf(api.delete(of));
      await get(`${path}/messages?includeDeleted=true&at=1`);
      await post(`${path}/transitions`, { status: 'active' });
      await post(`${path}/pause`, { reason: 'tea' });
      await post(`${path}/resume`);
      await startExecution(api, { sessionId: id });
      await post(`${path}/terminate`);
      for (const format of ['json', 'txt', 'md']) {
        const exported = await api.get(`${path}/export?format=${format}`);
        expect(exported.status).toBe(200);
      }
      await bodyOf(api.delete(path));
      await post(`${path}/restore`);
      await bodyOf(api.delete(`${path}?hard=true`));
      await bodyOf(
        api.send('POST', '/v1/sessions/import', {
          body: JSON.stringify({ messages: [{ role: 'user', content: 'recorded' }] }),
        }),
      );
    },
    executions: async () => {
      const stages = ['plan', 'write'].map((name) => ({
        name,
        agent: name,
        queue: `walk-${name}`,
      }));
      const { id, stream } = await startExecution(api, { pipeline: { name: 'walk', stages } });
      const path = `/v1/executions/${id}`;
      const save = { agent: 'plan', stage: 'plan', stageOrder: 0, state: { n: 1 }, outputs: [1] };
      const saved = await post(`${path}/checkpoints`, { ...save, processing: [{ took: 1 }] });
      await post(`${path}/checkpoints`, { ...save, state: { n: 2 } });
      const checkpoint = `/v1/checkpoints/${saved.id}`;
      await get(`${checkpoint}?after=${saved.position}`);
      const replayed = await post(`${checkpoint}/replay`, { modifications: { n: 3 } });
      const resumed = await post(`/v1/executions/${replayed.executionId}/resume`);
      await post(`${checkpoint}/replay?after=${resumed.position}`, { resume: true });
      await get(`/v1/executions?status=running&after=${resumed.position}`);
      await get(`${path}?after=${resumed.position}`);
      await get(`${path}/checkpoints?at=2`);
      await get(`${path}/timeline`);
      await get(`/v1/executions/compare?a=${id}&b=${replayed.executionId}`);
      await get(`/v1/streams/compare?a=${stream}&b=${replayed.stream}`);
      const [other, failing, cancelled] = await Promise.all(
        Array.from({ length: 3 }, () => startExecution(api, {})),
      );
      await post(`/v1/executions/${other?.id}/checkpoints`, save);
      await post(`/v1/executions/${other?.id}/checkpoints/prune`, { keepLast: 1 });
      await post(`/v1/executions/${other?.id}/complete`, { output: { done: true } });
      await post(`/v1/executions/${failing?.id}/fail`, { error: 'no' });
      await post(`/v1/executions/${cancelled?.id}/cancel`, { reason: 'enough' });
      await get(`/v1/executions?after=${resumed.position}`);
    },
    interrupts: async () => {
      const { id: sessionId } = await createSession(api);
      const raise = (kind: string) =>
        post('/v1/interrupts', { kind, requestId: 'r-1', sessionId, question: 'Which?' });
      const answered = await raise('clarification');
      const cancelled = await raise('confirmation');
      await post(`/v1/interrupts/${answered.id}/respond`, { text: 'this', data: { sure: true } });
      const { position } = await post(`/v1/interrupts/${cancelled.id}/cancel`, { reason: 'moot' });
      await get(`/v1/interrupts/${answered.id}?after=${position}`);
      await get(`/v1/interrupts?sessionId=${sessionId}`);
    },
    tasks: async () => {
      await post('/v1/workers', { id: 'walker', queues: ['walk-*'] });
      const held = await heldTask(api, 'walk-a', { payload: { n: 1 } });
      const proof = { leaseToken: held.leaseToken };
      const path = `/v1/tasks/${held.id}`;
      await post(`${path}/heartbeat`, proof);
      await post(`${path}/progress`, { ...proof, percent: 50, status: 'half' });
      await submitTask(api, 'walk-a');
      await post(`${path}/complete`, { ...proof, result: [1], claim: { queue: 'walk-a' } });
      const failing = await heldTask(api, 'walk-b', { maxAttempts: 1 });
      await post(`/v1/tasks/${failing.id}/fail`, { leaseToken: failing.leaseToken, error: 'no' });
      await post(`/v1/tasks/${failing.id}/retry`);
      const { position } = await post(`/v1/tasks/${failing.id}/cancel`, { reason: 'enough' });
      await post('/v1/tasks', [
        { type: 'walk', queue: 'walk-c', notBefore: '2036-01-01T00:00:00Z' },
        { type: 'walk', queue: 'walk-d' },
      ]);
      const [last] = await claimTasks(api, 'walk-d', { workerId: 'walker' });
      const items = [last, held].map((each) => ({ id: each?.id, leaseToken: last?.leaseToken }));
      await post('/v1/tasks/complete', { items });
      await get(`/v1/tasks/${held.id}?after=${position}`);
      await get(`/v1/tasks?after=${position}`);
      await get(`/v1/queues?after=${position}`);
      await get('/v1/queues/walk-a');
      await post('/v1/workers/walker/heartbeat');
      const stopped = await post('/v1/workers/walker/stop');
      await get(`/v1/workers/walker?after=${stopped.position}`);
      await get('/v1/workers');
    },
    streams: async () => {
      const { id, stream } = await createSession(api, { title: 'Root' });
      await postMessage(api, id, 'said');
      await startExecution(api, { sessionId: id });
      const fork = await forkOf(api, stream, 1, { scope: 'tree' });
      const deep = await forkOf(api, fork.stream, 1, { reason: 'again' });
      await post(`/v1/streams/${deep.stream}/detach`);
      await get(`/v1/streams/${deep.stream}/lineage?after=${deep.position}`);
      await get(`/v1/streams/${deep.stream}/events`);
      await get(`/v1/streams/${deep.stream}/steps`);
      await get(`/v1/streams/${deep.stream}/state`);
      await get(`/v1/streams/${deep.stream}/state?whole=true&at=1`);
      const { position } = await bodyOf(api.post(`/v1/streams/${fork.stream}/detach`));
      await get(`/v1/streams/${fork.stream}/lineage?after=${position}`);
      await get(`/v1/streams/${fork.stream}/events`);
      await get(`/v1/sessions/${fork.id}?after=${position}`);
      await get(`/v1/sessions/${fork.id}/messages?after=${position}`);
    },
    feed: async () => {
      const leaving = new AbortController();
      const path = '/v1/feed/sse';
      const { status, headers } = await fetch(url() + path, { signal: leaving.signal });
      leaving.abort();
      await expectInContract(url(), { method: 'GET', path, status, headers, text: '' });
    },
    webhooks: async () => {
      const receiver = await startReceiver();
      receiver.behaves('/hook', 503, 200);
      try {
        const hook = await register(api, receiver.at('/hook'));
        const path = `/v1/webhooks/${hook.id}`;
        await createSession(api, { title: 'Told' });
        const [delivery] = await settled(api, hook, 'succeeded');
        await get(`${path}/deliveries/${delivery?.id}`);
        await post(`${path}/deliveries/${delivery?.id}/retry`);
        await post(`${path}/resend?since=2036-01-01T00:00:00Z`);
        await post(`${path}/rotate-secret`);
        await post(`${path}/disable`, { reason: 'noisy' });
        const { position } = await post(`${path}/enable`);
        await get(`/v1/webhooks?after=${position}`);
        await get(path);
        await bodyOf(api.delete(path));
      } finally {
        await receiver.close();
      }
    },
    operations: async () => {
      for (const path of ['/healthz', '/readyz', '/openapi.json', '/v1/audit']) await get(path);
      for (const path of ['/docs', '/metrics']) expect((await api.get(path)).status).toBe(200);
      const rebuilt = async (names: readonly string[]) => {
        for (;;) {
          const { items } = await get('/v1/projections');
          const states = items
            .filter(({ name }: Json) => names.includes(name))
            .map(({ rebuild, serving }: Json) => [rebuild?.state, serving?.collection]);
          if (states.every(([state]: [string]) => state !== 'building' && state !== 'switching'))
            return states;
        }
      };
      await post('/v1/projections/rebuild', { names: ['interrupts', 'workers'] });
      await rebuilt(['interrupts', 'workers']);
      await post('/v1/projections/workers/rollback');
      // One that is done by then cannot be cancelled any more.
      const cancelled = async () => {
        await post('/v1/projections/queues/rebuild');
        const { status } = await api.delete('/v1/projections/queues/rebuild');
        await rebuilt(['queues']);
        return status === 200;
      };
      for (const until = Date.now() + 30_000; !(await cancelled()); )
        expect(Date.now()).toBeLessThan(until);
      await post('/v1/projections/interrupts/rebuild');
      await rebuilt(['interrupts']);
      // Until the node no longer reads what served before.
      const drop = () => api.post('/v1/projections/interrupts/drop');
      let dropped = await drop();
      for (const until = Date.now() + 30_000; dropped.status === 409 && Date.now() < until; )
        dropped = await drop();
      expect(dropped.status).toBe(200);

      const eventStore = EventStoreDBClient.connectionString(eventStoreUrl());
      const { stream } = await createSession(api);
      const broken = (data: Json) => jsonEvent({ id: newId(), type: 'SessionRenamed', data });
      await eventStore.appendToStream(stream, [broken({ colour: 'red' }), broken({ title: 'x' })]);
      await eventStore.dispose();
      const { position } = await createSession(api);
      await get(`/v1/sessions?after=${position}`);
      const parked = await get('/v1/projections/sessions/parked');
      const first = `/v1/projections/sessions/parked/${parked.items[0].id}`;
      await post(`${first}/retry`);
      await post(`${first}/discard`);
    },
  };
};

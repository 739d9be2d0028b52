import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { bodyOf, createSession, forkOf, postMessage } from '../http/support/making.js';
import { running } from '../http/support/running.js';
import { quick, register, settled } from './support/hooks.js';
import { callsWithTopic, type Receiver, startReceiver, verified } from './support/receiver.js';

const program = running(quick);
const ann = program.as('ann');
let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(() => receiver.close());

it('tells of an event, signed as the library of Standard Webhooks verifies', async () => {
  const { secret } = await register(ann, receiver.at('/signed'));
  const session = await createSession(ann, { title: 'Signed' });
  const [call] = await receiver.arrived('/signed', 1);
  const payload = verified(call!, secret);
  expect(payload).toEqual({
    type: 'chat.session.created',
    timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
    data: expect.objectContaining({
      type: 'SessionCreated',
      topic: 'chat.session.created',
      stream: session.stream,
      revision: 0,
      position: session.position,
    }),
  });
  expect(call!.headers['content-type']).toBe('application/json');
});

it('tries again under the same id and a new timestamp until it succeeds', async () => {
  receiver.behaves('/again', 500, 500, 200);
  const webhook = await register(ann, receiver.at('/again'));
  await createSession(ann);
  const calls = await receiver.arrived('/again', 3);
  expect(new Set(calls.map(({ id }) => id)).size).toBe(1);
  for (const call of calls) verified(call, webhook.secret);
  const [delivery] = await settled(ann, webhook, 'succeeded');
  expect(delivery!.id).toBe(calls[0]!.id);
  expect(delivery!.attempts.map(({ status }: { status: number }) => status)).toEqual([
    500, 500, 200,
  ]);
  expect(delivery!.nextAttemptAt).toBeNull();
});

it('tells of what its topics name, and of nothing else', async () => {
  await register(ann, receiver.at('/topics'), ['chat.message.*', 'execution.started']);
  const { id } = await createSession(ann);
  await postMessage(ann, id, 'hello');
  const [call] = await receiver.arrived('/topics', 1);
  expect(call!.payload.type).toBe('chat.message.created');
});

it('tells an owner of what is theirs alone, and an administrator of everything', async () => {
  const root = program.as();
  await register(program.as('bob'), receiver.at('/bob'));
  await register(root, receiver.at('/root'));
  const anns = await createSession(ann);
  const bobs = await createSession(program.as('bob'));
  await receiver.arrived('/root', 2);
  const [bobCall] = await receiver.arrived('/bob', 1);
  const streams = receiver.callsTo('/root').map(({ payload }) => payload.data.stream);
  expect(streams.sort()).toEqual([anns.stream, bobs.stream].sort());
  expect(bobCall!.payload.data.stream).toBe(bobs.stream);
  expect(receiver.callsTo('/bob')).toHaveLength(1);
});

it('tells no webhook of webhooks, and none of what came before it', async () => {
  const early = await createSession(ann);
  await register(ann, receiver.at('/all'), ['*']);
  await register(ann, receiver.at('/other'));
  const late = await createSession(ann);
  await receiver.arrived('/all', 1);
  const calls = receiver.callsTo('/all');
  expect(calls.map(({ payload }) => payload.data.stream)).toEqual([late.stream]);
  expect(early.stream).not.toBe(late.stream);
  expect(callsWithTopic(calls, 'webhook.registered')).toEqual([]);
});

it('tells of neither the copies that a detached fork takes in nor the announcement of a deletion', async () => {
  await register(program.as(), receiver.at('/everything'), ['*']);
  const { id, stream } = await createSession(ann);
  await postMessage(ann, id, 'inherited');
  const fork = await forkOf(ann, stream, 1);
  await bodyOf(ann.post(`/v1/streams/${fork.stream}/detach`));
  await receiver.arrived('/everything', 4);
  await bodyOf(ann.delete(`/v1/sessions/${id}?hard=true`));
  const last = await createSession(ann);
  const told = () => receiver.callsTo('/everything').map(({ payload }) => payload.data);
  for (let count = 5; !told().some((event) => event.stream === last.stream); count++)
    await receiver.arrived('/everything', count);
  const streams = new Set(told().map((event) => event.stream));
  expect(streams).toEqual(new Set([stream, fork.stream, last.stream]));
  const types = told().map(({ type }) => type);
  expect(types).toEqual(expect.arrayContaining(['StreamForked', 'StreamDetached']));
  expect(types).not.toContain('EventArchived');
});

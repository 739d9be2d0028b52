import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ForklineClient, type Page } from '../../src/client/node-client.js';
import { type Program, removeFolder, startProgram, temporaryFolder } from '../support/program.js';

let program: Program;
let client: ForklineClient;

beforeAll(async () => {
  program = await startProgram(await temporaryFolder());
  client = new ForklineClient({ url: program.url });
});
afterAll(async () => {
  await program.stop();
  await removeFolder(program.dataDir);
});

const collect = async <Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> => {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
};

const activeSession = async (title = 'Fix the parser') => {
  const { id } = await client.sessions.create({ title });
  return client.sessions.transition(id, { status: 'active' });
};

describe('sessions over the client', () => {
  it('live from creation to deletion', async () => {
    const { id, stream } = await client.sessions.create({ title: 'Old', metadata: { team: 'a' } });
    expect(stream).toBe(`session-${id}`);
    await client.sessions.transition(id, { status: 'active' });
    await client.sessions.pause(id, { reason: 'lunch' });
    await client.sessions.resume(id);
    await client.sessions.patch(id, { title: 'New' });
    const terminated = await client.sessions.terminate(id, { reason: 'done' });
    expect(await client.sessions.get(id, { after: terminated.position })).toMatchObject({
      ...{ title: 'New', status: 'terminated', metadata: { team: 'a' }, revision: 5 },
    });
    const removed = await client.sessions.remove(id);
    expect(await client.sessions.get(id, { after: removed.position })).toMatchObject({
      deleted: true,
    });
    const restored = await client.sessions.restore(id);
    expect(await client.sessions.get(id, { after: restored.position })).toMatchObject({
      deleted: false,
    });
    const gone = await client.sessions.remove(id, { hard: true });
    await expect(client.sessions.get(id, { after: gone.position })).rejects.toMatchObject({
      status: 404,
      code: 'session-not-found',
    });
  });

  it('resume as a fork of a paused one', async () => {
    const { id } = await activeSession();
    await client.sessions.pause(id);
    const fork = await client.sessions.resume(id, { fork: true });
    expect(await client.sessions.get(fork.id, { after: fork.position })).toMatchObject({
      status: 'active',
      forkedFrom: { stream: `session-${id}`, revision: 2 },
    });
  });

  it('hold messages that can be edited, deleted, and read as they were', async () => {
    const { id } = await activeSession();
    const asked = await client.sessions.messages.post(id, { role: 'user', content: 'Plese help' });
    const answer = await client.sessions.messages.post(id, { role: 'assistant', content: 'Sure' });
    await client.sessions.messages.edit(id, asked.id, { content: 'Please help' });
    const { position } = await client.sessions.messages.remove(id, answer.id);

    const { items } = await client.sessions.messages.list(id, {}, { after: position });
    expect(items).toMatchObject([{ id: asked.id, content: 'Please help' }]);
    const before = await client.sessions.messages.list(id, { at: answer.revision });
    expect(before.items.map(({ content }) => content)).toEqual(['Plese help', 'Sure']);
  });

  it('are listed page after page until there are no more', async () => {
    const elsewhere = new ForklineClient({ url: program.url, userId: 'lister' });
    const created = [];
    for (const title of ['a', 'b', 'c', 'd', 'e'])
      created.push(await elsewhere.sessions.create({ title }));
    const after = created.at(-1)!.position;
    const sessions = await collect(elsewhere.sessions.each({ limit: 2 }, { after }));
    expect(sessions.map(({ title }) => title)).toEqual(['e', 'd', 'c', 'b', 'a']);
    const found: Page<unknown> = await elsewhere.sessions.list({ q: 'c', limit: 1 });
    expect(found).toMatchObject({ items: [{ title: 'c' }], next: null });
  });

  it('come out as a document', async () => {
    const { id } = await activeSession('To be read');
    const { position } = await client.sessions.messages.post(id, {
      role: 'user',
      content: 'Hi 日本',
    });
    await client.sessions.get(id, { after: position });
    const text = await new Response(await client.sessions.export(id, { format: 'txt' })).text();
    expect(text).toContain('Hi 日本');
  });
});

describe('writes over the client', () => {
  it('are carried out once under one idempotency key', async () => {
    const { id } = await activeSession();
    const post = () =>
      client.sessions.messages.post(
        id,
        { role: 'user', content: 'Once' },
        { idempotencyKey: `once-${id}` },
      );
    const first = await post();
    expect(await post()).toEqual(first);
    const { items } = await client.sessions.messages.list(id, {}, { after: first.position });
    expect(items).toHaveLength(1);
  });

  it('are refused when the stream has moved on from the revision named', async () => {
    const { id, revision } = await activeSession();
    await client.sessions.patch(id, { title: 'Moved' }, { ifMatch: revision });
    const late = client.sessions.patch(id, { title: 'Late' }, { ifMatch: revision });
    await expect(late).rejects.toMatchObject({
      status: 412,
      code: 'revision-mismatch',
      problem: { currentRevision: revision + 1 },
    });
  });

  it('tell what is wrong with each field of a malformed request', async () => {
    const { id } = await activeSession();
    const wrong = client.sessions.messages.post(id, { role: 'nobody', content: 7 } as never);
    await expect(wrong).rejects.toMatchObject({
      name: 'ForklineError',
      status: 400,
      errors: expect.arrayContaining([{ path: 'role', message: expect.any(String) }]),
      requestId: expect.any(String),
    });
  });

  it('do not reach into the sessions of others', async () => {
    const { id } = await activeSession();
    const stranger = new ForklineClient({ url: program.url, userId: 'stranger' });
    await expect(stranger.sessions.pause(id)).rejects.toMatchObject({ status: 404 });
  });
});

describe('executions over the client', () => {
  it('save checkpoints and end', async () => {
    const { id: sessionId } = await activeSession();
    const { id } = await client.executions.start({ sessionId, input: { issue: 12 } });
    const saved = [];
    for (const stageOrder of [1, 2, 3])
      saved.push(
        await client.executions.checkpoint(id, {
          ...{ agent: 'coder', stage: `step-${stageOrder}`, stageOrder },
          state: { step: stageOrder },
          outputs: { said: 'so' },
        }),
      );
    const { position } = await client.executions.complete(id, { output: { fixed: true } });

    expect(await client.executions.get(id, { after: position })).toMatchObject({
      ...{ status: 'completed', checkpointCount: 3, output: { fixed: true }, sessionId },
    });
    const listed = await collect(client.executions.eachCheckpoint(id, { limit: 2 }));
    expect(listed.map(({ stage }) => stage)).toEqual(['step-1', 'step-2', 'step-3']);
    expect(await client.checkpoints.get(saved[1]!.id)).toMatchObject({
      state: { step: 2 },
      outputs: { said: 'so' },
    });
    expect(await client.executions.timeline(id)).toMatchObject({
      ...{ status: 'completed', terminal: true, currentStage: { stage: 'step-3' } },
      items: [{ revision: 1 }, { revision: 2, forks: [] }, { revision: 3 }],
    });
    const ofSession = await collect(client.executions.each({ sessionId }));
    expect(ofSession.map((execution) => execution.id)).toEqual([id]);
  });

  it('fail and are cancelled with a reason', async () => {
    const failed = await client.executions.start();
    await client.executions.fail(failed.id, { error: 'out of tokens' });
    const cancelled = await client.executions.start();
    const { position } = await client.executions.cancel(cancelled.id, { reason: 'no need' });
    const options = { after: position };
    expect(await client.executions.get(failed.id, options)).toMatchObject({
      error: 'out of tokens',
    });
    expect(await client.executions.get(cancelled.id, options)).toMatchObject({
      reason: 'no need',
    });
  });
});

describe('time travel over the client', () => {
  it('forks a session with another question, and knows where the events come from', async () => {
    const { id, stream } = await activeSession();
    const asked = await client.sessions.messages.post(id, { role: 'user', content: 'Left?' });
    const fork = await client.streams.fork(stream, {
      at: asked.revision,
      amendments: [{ type: 'EditMessage', messageId: asked.id, content: 'Right?' }],
      reason: 'the other way',
    });
    const events = await collect(client.streams.eachEvent(fork.stream, { limit: 2 }));
    expect(events.map(({ type, origin }) => [type, origin?.stream])).toEqual([
      ['SessionCreated', stream],
      ['SessionActivated', stream],
      ['MessagePosted', stream],
      ['StreamForked', undefined],
      ['MessageEdited', undefined],
    ]);
    const { state } = await client.streams.state(fork.stream, { whole: true });
    expect(state).toMatchObject({ messages: { [asked.id]: { content: 'Right?' } } });
    const { entries } = await client.streams.state(fork.stream);
    expect(entries?.messages?.count).toBe(Object.keys(state.messages as object).length);
    const then = await client.streams.state(fork.stream, { at: asked.revision, whole: true });
    expect(then).toMatchObject({
      revision: asked.revision,
      state: { messages: { [asked.id]: { content: 'Left?' } } },
    });
    expect(await client.streams.lineage(fork.stream, { after: fork.position })).toMatchObject({
      ancestors: [{ stream, through: asked.revision }],
      tree: { stream, forks: [{ at: asked.revision, stream: fork.stream, forks: [] }] },
    });
  });

  it('forks a session with what was open in it', async () => {
    const { id, stream } = await activeSession();
    const task = await client.tasks.submit({ type: 't', queue: 'trees', sessionId: id });
    const { revision: at } = await client.sessions.messages.post(id, {
      ...{ role: 'user', content: 'Left?' },
    });
    const fork = await client.streams.fork(stream, { at, scope: 'tree' });
    expect(fork).toMatchObject({
      children: [{ forkedFrom: { stream: task.stream, revision: 0 } }],
      ...{ shared: [], sharedCount: 0 },
    });
  });

  it('reads events backwards page by page', async () => {
    const { stream } = await activeSession();
    const events = client.streams.eachEvent(stream, { direction: 'backwards', limit: 1 });
    expect((await collect(events)).map(({ revision }) => revision)).toEqual([1, 0]);
  });
});

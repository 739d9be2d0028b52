import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ForklineClient } from '../../src/client/node-client.js';
import { type Program, removeFolder, startProgram, temporaryFolder } from '../support/program.js';

let program: Program;
let client: ForklineClient;

const kinds = {
  clarification: { topic: 'interrupt.help_wanted', ttlSeconds: null },
  checkpoint: { responses: ['decision'], requiresResponse: true, ttlSeconds: 60 },
};

beforeAll(async () => {
  const settings = { INTERRUPT_KINDS: JSON.stringify(kinds) };
  program = await startProgram(await temporaryFolder(), settings);
  client = new ForklineClient({ url: program.url });
});
afterAll(async () => {
  await program.stop();
  await removeFolder(program.dataDir);
});

const raise = async (
  fields: Partial<Parameters<ForklineClient['interrupts']['raise']>[0]> = {},
) => {
  const { id: sessionId } = await client.sessions.create();
  return client.interrupts.raise({ kind: 'confirmation', requestId: 'r-1', sessionId, ...fields });
};

describe('interrupts over the client', () => {
  it('are raised, listed, answered and cancelled', async () => {
    const { id, position } = await raise({ question: 'Deploy?' });
    const { items } = await client.interrupts.list({ status: 'pending' }, { after: position });
    expect(items).toEqual([await client.interrupts.get(id)]);
    const answered = await client.interrupts.respond(id, { approved: true });
    expect(await client.interrupts.get(id, { after: answered.position })).toMatchObject({
      ...{ status: 'resolved', response: { approved: true }, respondedBy: 'local' },
    });
    await expect(client.interrupts.respond(id, { approved: false })).rejects.toMatchObject({
      code: 'interrupt-already-settled',
      problem: { settled: { status: 'resolved', respondedBy: 'local' } },
    });
    const other = await raise();
    const cancelled = await client.interrupts.cancel(other.id, { reason: 'found it' });
    const seen = [];
    for await (const each of client.interrupts.each({ limit: 1 }, { after: cancelled.position }))
      seen.push(each.id);
    expect(seen).toEqual([other.id, id]);
  });
});

describe('what interrupts of a kind are like', () => {
  it('can be set, each part by itself', async () => {
    const asked = await raise({ kind: 'clarification' });
    const question = await client.interrupts.get(asked.id, { after: asked.position });
    expect(question).toMatchObject({ topic: 'interrupt.help_wanted', responses: ['text'] });
    expect('expiresAt' in question).toBe(false);
    const { id, position } = await raise({ kind: 'checkpoint' });
    expect(await client.interrupts.get(id, { after: position })).toMatchObject({
      ...{ ttlSeconds: 60, responses: ['decision'], requiresResponse: true },
      topic: 'interrupt.checkpoint',
    });
    await expect(client.interrupts.respond(id)).rejects.toMatchObject({
      code: 'response-not-fitting',
    });
  });
});

describe('the feed', () => {
  it('tells of each kind of interrupt, and of how it ended, under its own topic', async () => {
    const { id: sessionId } = await client.sessions.create();
    const events = client.feed.subscribe({ topics: ['interrupt.*'], sessionId });
    await events.caughtUp();
    const asked = { requestId: 'r-1', sessionId };
    const ids: string[] = [];
    for (const kind of [
      ...(['clarification', 'confirmation', 'agent_review', 'checkpoint'] as const),
      ...(['resource_exhausted', 'timeout', 'system_error'] as const),
    ])
      ids.push((await client.interrupts.raise({ ...asked, kind })).id);
    await client.interrupts.respond(ids[0] ?? '', { text: 'the blue one' });
    await client.interrupts.cancel(ids[1] ?? '');
    await client.interrupts.raise({ ...asked, kind: 'timeout', ttlSeconds: 0.1 });
    const topics: string[] = [];
    for await (const { topic } of events) {
      topics.push(topic);
      if (topic === 'interrupt.expired') break;
    }
    expect(topics).toEqual([
      ...['interrupt.help_wanted', 'interrupt.confirmation_needed', 'interrupt.agent_review'],
      ...['interrupt.checkpoint', 'interrupt.resource_exhausted', 'interrupt.timeout'],
      ...['interrupt.system_error', 'interrupt.resolved', 'interrupt.cancelled'],
      ...['interrupt.timeout', 'interrupt.expired'],
    ]);
    events.close();
  });
});

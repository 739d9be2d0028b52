import { beforeAll, describe, expect, it } from '@jest/globals';
import { ForklineClient } from '../../src/client/node-client.js';
import { sharing } from '../http/support/running.js';
import { forkline, type Ran } from './cli.js';

const program = sharing();
let client: ForklineClient;

const run = (...args: readonly string[]): Promise<Ran> => forkline(program.url(), args);
const linesOf = ({ code, out, errors }: Ran): readonly string[] => {
  expect([code, errors]).toEqual([0, '']);
  return out.trimEnd().split('\n');
};

beforeAll(() => {
  client = new ForklineClient({ url: program.url() });
});

/** A run, and a fork of it after the first of three checkpoints that went another way. */
const twoRuns = async () => {
  const { id, stream } = await client.executions.start({ input: 12 });
  const save = (of: string, step: number, more: object) =>
    client.executions.checkpoint(of, {
      ...{ agent: 'coder', stage: `stage-${step}`, stageOrder: step },
      state: { step, notes: 'the same '.repeat(30), ...more },
    });
  for (const step of [1, 2, 3]) await save(id, step, { model: 'large' });
  await client.executions.fail(id, { error: 'no tests' });
  const fork = await client.streams.fork(stream, { at: 1 });
  await save(fork.id, 2, { model: 'small' });
  return { stream, fork: fork.stream };
};

describe('forkline diff', () => {
  it('shows where two runs part, what happened since, and the fields that differ', async () => {
    const { stream, fork } = await twoRuns();
    const lines = linesOf(await run('diff', stream, fork));
    expect(lines.slice(0, 3)).toEqual([
      `a  ${stream}@4`,
      `b  ${fork}@3`,
      `They part after ${stream}@1.`,
    ]);
    const matching = (pattern: RegExp) => lines.filter((line) => pattern.test(line));
    expect(matching(/^[ab]: /)).toEqual(['a: 3 events since', 'b: 2 events since']);
    expect(matching(/ {2}3 {2}CheckpointSaved +stage-3 +coder +step 3$/)).toHaveLength(1);
    expect(
      matching(/ {2}3 {2}CheckpointSaved +stage-2 +coder +model "small", step 2$/),
    ).toHaveLength(1);
    expect(matching(/^WHAT DIFFERS +IN A +IN B$/)).toHaveLength(1);
    expect(matching(/^status +"failed" +"running"$/)).toHaveLength(1);
    expect(matching(/^latest\.state\.model +"large" +"small"$/)).toHaveLength(1);
    expect(matching(/^error +"no tests" +–$/)).toHaveLength(1);
    expect(matching(/forkedFrom|checkpoints\.|deltas/)).toEqual([]);
  });

  it('compares as of revisions, and says where the rest of a tail is', async () => {
    const { stream } = await twoRuns();
    const lines = linesOf(await run('diff', `${stream}@1`, `${stream}@3`, '--limit', '1'));
    expect(lines).toContain('a: nothing since');
    expect(lines).toContain(`… 1 more event: forkline timeline ${stream} --from 3 --to 3`);
    expect(linesOf(await run('diff', stream, stream))).toContain('Their states are the same.');
  });

  it('shows messages by what they say', async () => {
    const { id, stream } = await client.sessions.create({ title: 'One' });
    const post = (content: string) =>
      client.sessions.messages.post(id, { role: 'user', content: `${content}\u001b[31m` });
    const shared = await post('Why?');
    const fork = await client.streams.fork(stream, {
      at: 1,
      amendments: [{ type: 'EditMessage', messageId: shared.id, content: 'Who?' }],
    });
    const own = await post('Really?');
    const call = { id: 'c-1', type: 'function', function: { name: 'look', arguments: '{}' } };
    const calling = { role: 'assistant', content: '', toolCalls: [call] } as const;
    const called = await client.sessions.messages.post(id, calling);
    const lines = linesOf(await run('diff', stream, fork.stream));
    const rows = lines.filter((line) => line.startsWith('messages.'));
    expect(rows).toEqual([
      expect.stringMatching(new RegExp(`^messages\\.${own.id} +user: Really\\? +–$`)),
      expect.stringMatching(new RegExp(`^messages\\.${called.id} +assistant: +→ look {} +–$`)),
      expect.stringMatching(
        new RegExp(`^messages\\.${shared.id}\\.content +\\(as before\\) +"Who\\?"$`),
      ),
    ]);
  });

  it('gives machines what the server says', async () => {
    const { stream, fork } = await twoRuns();
    const [line = ''] = linesOf(await run('diff', stream, `${fork}@2`, '--json'));
    expect(JSON.parse(line)).toEqual(
      await client.streams.compare(stream, `${fork}@2`, { limit: 20 }),
    );
  });

  it('says no to what cannot be compared', async () => {
    const { stream } = await twoRuns();
    const session = await client.sessions.create({});
    expect(await run('diff', stream, session.stream)).toMatchObject({
      ...{ code: 1, out: '' },
      errors: expect.stringContaining('bad-request: b: must be a stream of the category execution'),
    });
    expect((await run('diff', stream, `${stream}@99`)).errors).toMatch(/^revision-not-found: /);
    expect((await run('diff', stream)).code).toBe(2);
    expect((await run('diff', stream, stream, '--limit', '0')).code).toBe(2);
  });
});

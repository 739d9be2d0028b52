import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ForklineClient } from '../../src/client/node-client.js';
import { type Program, removeFolder, startProgram, temporaryFolder } from '../support/program.js';
import { forkline, type Ran } from './cli.js';

let program: Program;
let client: ForklineClient;
let folder: string;
let session: string;
let execution: string;

const run = (...args: readonly string[]): Promise<Ran> => forkline(program.url, args);

beforeAll(async () => {
  folder = await temporaryFolder();
  program = await startProgram(await temporaryFolder());
  client = new ForklineClient({ url: program.url });

  const { id, stream } = await client.sessions.create({ title: 'Fix the parser' });
  await client.sessions.transition(id, { status: 'active' });
  await client.sessions.messages.post(id, {
    role: 'user',
    content: 'It fails on \u001b[31m日本語',
  });
  await client.sessions.messages.post(id, { role: 'assistant', content: 'Let me look.' });
  session = stream;

  const started = await client.executions.start({ sessionId: id, input: { issue: 12 } });
  const plan = { model: 'large', notes: 'n'.repeat(500) };
  for (const step of [1, 2, 3])
    await client.executions.checkpoint(started.id, {
      ...{ agent: 'coder', stage: `stage-${step}`, stageOrder: step },
      state: { step, plan },
    });
  execution = started.stream;
});
afterAll(async () => {
  await program.stop();
  await removeFolder(program.dataDir);
  await removeFolder(folder);
});

describe('forkline timeline', () => {
  it('lists the events of a session', async () => {
    const { code, out } = await run('timeline', session);
    expect(code).toBe(0);
    const rows = out
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/^\S+ \S+ +/, ''));
    expect(rows).toEqual([
      expect.stringMatching(/^REV {2}EVENT +WHAT CHANGED$/),
      expect.stringMatching(/^0 {2}SessionCreated +“Fix the parser” \(interactive\)$/),
      expect.stringMatching(/^1 {2}SessionActivated +status "active"$/),
      expect.stringMatching(/^2 {2}MessagePosted +user: It fails on 日本語$/),
      expect.stringMatching(/^3 {2}MessagePosted +assistant: Let me look\.$/),
    ]);
  });

  it('lists stages and changes of an execution, from where one asks for', async () => {
    const { out } = await run('timeline', execution, '--from', '2');
    expect(out).toMatch(/ 2 {2}CheckpointSaved {2}stage-2 {2}coder {2}step 2\n/);
    expect(out).not.toContain('ExecutionStarted');
    const some = await run('timeline', execution, '--from', '1', '--to', '2', '--json');
    expect(some.out.match(/"type":"CheckpointSaved"/g)).toHaveLength(2);
  });

  it('ends where a place says, and says when there is nothing', async () => {
    const revisionsOf = async (...args: readonly string[]) => {
      const { out } = await run('timeline', '--json', ...args);
      return [...out.matchAll(/"revision":(\d+),"position"/g)].map(([, digits]) => Number(digits));
    };
    expect(await revisionsOf(`${session}@2`)).toEqual([0, 1, 2]);
    expect(await revisionsOf(`${session}@2`, '--from', '1', '--to', '3')).toEqual([1, 2]);
    expect(await run('timeline', session, '--from', '4')).toEqual({
      ...{ code: 0, out: '' },
      errors: 'No events there.\n',
    });
  });

  it('gives machines an event a line', async () => {
    const { out } = await run('timeline', session, '--json');
    const events = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.map(({ revision }) => revision)).toEqual([0, 1, 2, 3]);
    expect(events[1].changes).toEqual([{ op: 'replace', path: '/status', value: 'active' }]);
  });

  it('says no in one line', async () => {
    const { code, out, errors } = await run('timeline', '00000000-0000-7000-8000-000000000001');
    expect({ code, out, errors }).toEqual({
      ...{ code: 1, out: '' },
      errors: 'session-not-found: There is no such session\n',
    });
  });
});

describe('forkline inspect', () => {
  it('shows the event and the state as of there, long texts cut', async () => {
    const { code, out } = await run('inspect', `${execution}@2`);
    expect(code).toBe(0);
    expect(out).toContain(`${execution}@2  CheckpointSaved\n`);
    expect(out).toContain('topic      checkpoint.saved');
    expect(out).toContain('"step": 2');
    expect(out).toContain('… (200 more characters)');
    expect((await run('inspect', `${execution}@2`, '--full')).out).toContain('n'.repeat(500));
  });

  it('shows the head where no revision is named', async () => {
    const { out } = await run('inspect', session, '--json');
    expect(JSON.parse(out)).toMatchObject({ revision: 3, event: { revision: 3 }, stream: session });
  });

  it('refuses a revision that is not there', async () => {
    const { code, errors } = await run('inspect', `${session}@99`);
    expect([code, errors]).toEqual([1, 'revision-not-found: The stream has no such revision\n']);
  });
});

describe('forkline fork', () => {
  it('forks a run with a changed state, and says how to go on', async () => {
    const { code, out } = await run(
      ...['fork', `${execution}@2`, '--set', 'plan.model=small', '--set', 'tries=[1]'],
      ...['--reason', 'cheaper'],
    );
    expect(code).toBe(0);
    const [, stream = ''] = /into {3}(execution-\S+)@4\n/.exec(out) ?? [];
    expect(out).toContain(`forkline inspect ${stream}@4`);
    expect(out).toContain(`POST ${program.url}/v1/executions/${stream.slice(10)}/checkpoints`);

    const { state } = await client.streams.state(stream);
    expect(state).toMatchObject({
      latest: { stage: 'stage-2', state: { step: 2, plan: { model: 'small' }, tries: [1] } },
    });
    const timeline = await run('timeline', stream);
    expect(timeline.out).toContain(`── inherited from ${execution}\n`);
    expect(timeline.out).toContain(`── written in ${stream}\n`);
    expect(timeline.out).toMatch(/StreamForked .*@2 cheaper\n/);
  });

  it('forks a session with another question and title, under an id of ones own', async () => {
    const id = '0199aaaa-0000-7000-8000-00000000000f';
    const { out } = await run(
      ...['fork', `${session}@3`, '--id', id, '--json'],
      ...['--set', 'content=It fails on emoji', '--set', 'title=Emoji'],
    );
    const { stream, position } = JSON.parse(out);
    expect(stream).toBe(`session-${id}`);
    expect(await client.sessions.get(id, { after: position })).toMatchObject({ title: 'Emoji' });
    const { items } = await client.sessions.messages.list(id);
    expect(items.map(({ content }) => content)).toEqual(['It fails on emoji', 'Let me look.']);
  });

  it('says why there is nothing to change', async () => {
    expect((await run('fork', `${session}@1`, '--set', 'content=x')).errors).toBe(
      `error: no user has said anything up to ${session}@1\n`,
    );
    expect((await run('fork', `${execution}@0`, '--set', 'a=1')).errors).toBe(
      `error: there is no checkpoint up to ${execution}@0 to change\n`,
    );
    const into = await run('fork', `${execution}@2`, '--set', 'step.x=1');
    expect([into.code, into.errors]).toEqual([1, 'error: step is neither an object nor a list\n']);
  });
});

describe('forkline lineage', () => {
  it('draws the family', async () => {
    const { id, stream } = await client.sessions.create({ title: 'Root' });
    await client.sessions.patch(id, { title: 'Renamed' });
    const first = await client.streams.fork(stream, { at: 0 });
    const second = await client.streams.fork(stream, { at: 1 });
    await client.streams.lineage(stream, { after: second.position });
    const { out } = await run('lineage', stream);
    expect(out.trimEnd().split('\n')).toEqual([
      expect.stringMatching(new RegExp(`^${stream} .*← asked for$`)),
      expect.stringContaining(`├─ @0 ${first.stream}`),
      expect.stringContaining(`└─ @1 ${second.stream}`),
    ]);
    const ofAPlace = await run('lineage', `${second.stream}@2`);
    expect(ofAPlace.out).toMatch(/^└─ @1 .* head 2, 1 event of its own, .* ← asked for$/m);
  });
});

describe('forkline detach', () => {
  it('has a fork depend on what it was forked from no more', async () => {
    const { stream } = await client.sessions.create({ title: 'Root' });
    const shown = await client.streams.fork(stream, { at: 0 });
    const { out } = await run('detach', shown.stream);
    expect(out.split('\n')[0]).toBe(`Detached ${shown.stream}@2`);
    const again = await run('detach', shown.stream);
    expect(again).toMatchObject({ code: 1, errors: expect.stringContaining('detached before') });

    const fork = await client.streams.fork(stream, { at: 0 });
    const detached = await run('detach', fork.stream, '--json');
    const { position: after } = JSON.parse(detached.out);
    await client.streams.lineage(fork.stream, { after });
    const { out: family } = await run('lineage', fork.stream);
    expect(family).toContain(`detached from ${stream}@0`);
  });
});

describe('forkline export', () => {
  it('writes to standard output, or to a file that is whole or not there', async () => {
    const { out } = await run('export', session, '--format', 'md');
    expect(out).toContain('Let me look.');
    const file = join(folder, 'session.json');
    expect((await run('export', session, '-o', file, '--at', '2')).code).toBe(0);
    const written = await readFile(file, 'utf8');
    expect(JSON.parse(written)).toMatchObject({ messages: [{ role: 'user' }] });
    expect(written).not.toContain('Let me look.');
    const ofAPlace = JSON.parse((await run('export', `${session}@2`)).out);
    expect({ ...ofAPlace, exportedAt: null }).toEqual({ ...JSON.parse(written), exportedAt: null });

    const { code, errors } = await run('export', session, '-o', join(folder, 'no', 'such.json'));
    expect(code).toBe(1);
    expect(errors).toMatch(/^error: ENOENT/);
  });
});

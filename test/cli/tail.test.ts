import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ForklineClient } from '../../src/client/node-client.js';
import { type Program, removeFolder, startProgram, temporaryFolder } from '../support/program.js';
import { startForkline } from './cli.js';

let program: Program;
beforeEach(async () => {
  program = await startProgram(await temporaryFolder());
});
afterEach(async () => {
  await program.stop();
  await removeFolder(program.dataDir);
});

describe('forkline tail', () => {
  it('follows one session across a restart of the server, and ends with Ctrl-C', async () => {
    const client = new ForklineClient({ url: program.url });
    const { id, stream } = await client.sessions.create({ title: 'Followed' });
    await client.sessions.create({ title: 'Another' });
    const tail = startForkline(program.url, ['tail', '--session', id, '--from', 'start']);
    expect(await tail.line()).toMatch(/session-\S+@0 {2}chat\.session\.created {2}“Followed”/);

    const port = new URL(program.url).port;
    await program.stop();
    await tail.said(/trying again in \d+\.\d s/);
    program = await startProgram(program.dataDir, { PORT: port });
    await client.sessions.create({ title: 'Yet another' });
    await client.sessions.patch(id, { title: 'Renamed' });
    expect(await tail.line()).toContain(`${stream}@1  chat.session.updated  “Renamed”`);
    expect(await tail.interrupt()).toBe(0);
  }, 180_000);

  it('gives machines the events of the types asked for, after a position', async () => {
    const client = new ForklineClient({ url: program.url });
    const { id, position } = await client.sessions.create({ title: 'One' });
    await client.sessions.patch(id, { title: 'Two' });
    const args = ['--type', 'SessionCreated', '--type', 'SessionRenamed', '--json'];
    const tail = startForkline(program.url, ['tail', ...args, '--from', position]);
    expect(JSON.parse(await tail.line())).toMatchObject({
      ...{ type: 'SessionRenamed', revision: 1, data: { title: 'Two' } },
    });
    expect(await tail.interrupt()).toBe(0);
  });
});

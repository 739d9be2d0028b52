import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ForklineClient, type ImportStep } from '../../src/client/node-client.js';
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

const conversation = (question: string): string =>
  JSON.stringify({
    messages: [
      { role: 'user', content: question },
      { role: 'assistant', content: 'Certainly.' },
    ],
  });

describe('importing over the client', () => {
  it('tells of every run, and adds nothing the second time', async () => {
    const recording = `${conversation('One?')}\n${conversation('Two?')}\n`;
    const steps: ImportStep[] = [];
    const first = await client.sessions.import(recording, { onStep: (step) => steps.push(step) });
    expect(first.done).toMatchObject({ runs: 2, messages: 4, checkpoints: 2 });
    expect(first.items.every(({ added }) => added > 0)).toBe(true);
    expect(steps.at(-1)).toEqual({ done: first.done });
    expect(steps.filter((step) => 'item' in step)).toHaveLength(2);

    const second = await client.sessions.import(new Blob([recording]));
    expect(second.items.map(({ sessionId, added }) => [sessionId, added])).toEqual(
      first.items.map(({ sessionId }) => [sessionId, 0]),
    );
    const [run] = first.items;
    const { items } = await client.sessions.messages.list(
      run!.sessionId,
      {},
      { after: first.done.position! },
    );
    expect(items.map(({ content }) => content)).toEqual(['One?', 'Certainly.']);
  });

  it('takes gzip, and a stream of it', async () => {
    const zipped = gzipSync(conversation('Zipped?'));
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (const byte of zipped) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    const { done } = await client.sessions.import(body, { name: 'zipped.json.gz' });
    expect(done).toMatchObject({ runs: 1, messages: 2 });
  });

  it('names the runs that cannot be read, and takes the others', async () => {
    const recording = `${conversation('Before?')}\n{broken\n${conversation('After?')}\n`;
    const { items, unreadable } = await client.sessions.import(recording);
    expect(items.map(({ index }) => index)).toEqual([0, 2]);
    expect(unreadable).toMatchObject([{ index: 1, reason: expect.stringContaining('line 2') }]);
  });

  it('throws what is wrong with a file that holds no run, and with one that is too large', async () => {
    await expect(client.sessions.import('{"no":"run"}')).rejects.toMatchObject({
      status: 422,
      code: 'unreadable-recording',
    });
    const large = new Blob([Buffer.alloc(65 * 1024 * 1024, ' ')]);
    await expect(client.sessions.import(large)).rejects.toMatchObject({ code: 'too-large' });
  });
});

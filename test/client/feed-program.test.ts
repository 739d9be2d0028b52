import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type FeedFilter,
  type FeedOptions,
  type FeedSubscription,
  ForklineClient,
  type ForklineEvent,
  type Reconnection,
} from '../../src/client/node-client.js';
import { type Program, removeFolder, startProgram, temporaryFolder } from '../support/program.js';
import { isRecordedDataThere, recordedFiles } from '../support/recorded-data.js';

let program: Program;
let client: ForklineClient;
const open: FeedSubscription[] = [];

beforeAll(async () => {
  program = await startProgram(await temporaryFolder());
  client = new ForklineClient({ url: program.url });
});
afterEach(() => {
  for (const events of open.splice(0)) events.close();
});
afterAll(async () => {
  await program.stop();
  await removeFolder(program.dataDir);
});

const subscribe = (filter: FeedFilter, options?: FeedOptions): FeedSubscription => {
  const events = client.feed.subscribe(filter, options);
  open.push(events);
  return events;
};

const restart = async (): Promise<void> => {
  await program.kill();
  program = await startProgram(program.dataDir, { PORT: new URL(program.url).port });
};

/** Takes events up to a position, inclusive. */
const takeThrough = async (
  events: FeedSubscription,
  position: string,
): Promise<readonly ForklineEvent[]> => {
  const taken: ForklineEvent[] = [];
  for await (const event of events) {
    taken.push(event);
    if (BigInt(event.position) >= BigInt(position)) break;
  }
  return taken;
};

const whereOf = ({ stream, revision }: ForklineEvent): string => `${stream}@${revision}`;

describe('the feed over the client', () => {
  // Before the others: nothing else is there from the start.
  (isRecordedDataThere ? it : it.skip)(
    'is closed when it is too slow, and loses nothing by it',
    async () => {
      const lost: Reconnection[] = [];
      const events = subscribe({}, { onReconnect: (each) => lost.push(each) });
      await events.caughtUp();
      const recordings = await recordedFiles();
      const long = recordings.filter((file) => /django-1(3964|1797|3265)/.test(file));
      let position = '';
      for (const file of long)
        position = (await client.sessions.import(await readFile(file))).done.position ?? position;

      // Only now the loop begins: more has happened than may wait for it.
      const taken = await takeThrough(events, position);
      expect(taken.length).toBeGreaterThan(1_000);
      expect(lost[0]?.reason.detail).toContain('4008');
      const past = subscribe({}, { from: 'start' });
      expect(taken.map(whereOf)).toEqual((await takeThrough(past, position)).map(whereOf));
    },
    180_000,
  );

  it('tells what happens from when it has caught up on', async () => {
    const before = await client.sessions.create({ title: 'Before' });
    const events = subscribe({ types: ['SessionCreated'] });
    await events.caughtUp();
    const after = await client.sessions.create({ title: 'After' });
    const taken = await takeThrough(events, after.position);
    expect(taken.map(({ stream }) => stream)).toEqual([after.stream]);
    expect(taken[0]).toMatchObject({ topic: 'chat.session.created', data: { title: 'After' } });
    expect(before.stream).not.toBe(after.stream);
  });

  it('tells of one session and what belongs to it', async () => {
    const { id, stream } = await client.sessions.create();
    await client.sessions.create();
    const execution = await client.executions.start({ sessionId: id });
    const events = subscribe({ sessionId: id }, { from: 'start' });
    const taken = await takeThrough(events, execution.position);
    expect(taken.map(whereOf)).toEqual([`${stream}@0`, `${execution.stream}@0`]);
  });

  it('neither loses nor repeats an event when the server is killed, twice', async () => {
    const { id } = await client.sessions.create();
    await client.sessions.transition(id, { status: 'active' });
    const lost: Reconnection[] = [];
    const events = subscribe(
      { sessionId: id },
      { from: 'start', onReconnect: (each) => lost.push(each) },
    );
    const posted: string[] = [];
    const say = async (amount: number): Promise<string> => {
      let position = '';
      for (let n = 0; n < amount; n++) {
        const message = { role: 'user', content: `message ${posted.length}` } as const;
        const written = await client.sessions.messages.post(id, message);
        posted.push(`${written.stream}@${written.revision}`);
        position = written.position;
      }
      return position;
    };
    await say(20);
    await restart();
    await say(20);
    await restart();
    const taken = await takeThrough(events, await say(20));
    expect(taken.slice(2).map(whereOf)).toEqual(posted);
    expect(lost.length).toBeGreaterThanOrEqual(2);
  }, 180_000);

  it('throws what the server has against the filter', async () => {
    const events = subscribe({ topics: [] });
    await expect(takeThrough(events, '0')).rejects.toMatchObject({ code: 'bad-filter' });
  });
});

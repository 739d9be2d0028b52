import { END, EventStoreDBClient, START } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { all, freshStream } from './support/events.js';
import { type Expected, type Outcome, StreamModel } from './support/model.js';
import { type Command, commands, type Expectation, perform } from './support/model-commands.js';
import { startTestServer, type TestServer } from './support/server.js';
import { Recording } from './support/subscription.js';

// More with FORKLINE_MODEL_RUNS=20000; a failure prints the seed and the smallest sequence.
const runs = Number(process.env.FORKLINE_MODEL_RUNS ?? 1_000);

let test: TestServer;
beforeAll(async () => {
  test = await startTestServer();
});
afterAll(() => test.stop());

// Node ends a connection on which too many calls are cancelled one after the other, and every
// subscription here is.
const sequencesPerConnection = 300;
let sequences = 0;
const connectAnew = async () => {
  await test.client.dispose();
  test.client = EventStoreDBClient.connectionString(test.server.url);
};

type Follower = Readonly<{ recording: Recording; model: StreamModel; expected: number[] }>;

const expectedFor = (model: StreamModel, expectation: Expectation): Expected => {
  if (typeof expectation !== 'number') return expectation;
  const revision = model.last + expectation;
  return revision < 0 ? 'no_stream' : BigInt(revision);
};

const predict = (
  model: StreamModel,
  command: Exclude<Command, { do: 'subscribe' }>,
  expected: Expected,
): Outcome => {
  switch (command.do) {
    case 'append':
      return model.append(command.ids, expected);
    case 'delete':
      return model.delete(expected);
    case 'tombstone':
      return model.tombstone(expected);
    case 'metadata':
      return model.setMetadata(command.metadata);
    case 'read':
      return model.read(command.from, command.isBackwards, command.count);
  }
};

// Catching up shows what is visible then; all that comes later is shown whatever metadata says.
const follow = async (
  name: string,
  model: StreamModel,
  from: number | 'start' | 'end',
): Promise<Follower> => {
  const fromRevision = from === 'start' ? START : from === 'end' ? END : BigInt(from);
  const recording = new Recording(test.client.subscribeToStream(name, { fromRevision }));
  const after = from === 'start' ? -1 : from === 'end' ? model.last : from;
  const visible = model.isDeleted ? Number.POSITIVE_INFINITY : model.firstVisible;
  const expected = [...model.ids.keys()].filter((r) => r > after && r >= visible);
  await (model.isTombstoned ? recording.failed() : recording.caughtUp());
  return { recording, model, expected: [...expected, -1, Math.max(after, model.last)] };
};

const checkFollower = async ({ recording, model, expected }: Follower) => {
  const [border = -1] = expected.slice(-1);
  const caughtUp = expected.slice(0, -2);
  const live = [...model.ids.keys()].filter((r) => r > border);
  const wanted = [...caughtUp, ...live];
  if (model.isTombstoned) {
    await recording.failed();
    expect(recording.error).toMatchObject({ type: 'stream-deleted' });
  } else await recording.until(({ events }) => events.length >= wanted.length);
  const seen = recording.events
    .filter(({ event }) => event?.type !== '$streamDeleted')
    .map(({ event }) => Number(event?.revision));
  expect(seen).toEqual(wanted);
  if (!model.isTombstoned) await recording.stop();
};

describe('the server', () => {
  it('does what the model says, whatever is done to two streams', async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (sequence) => {
        if (++sequences % sequencesPerConnection === 0) await connectAnew();
        const names = [freshStream('model'), freshStream('model')] as const;
        const models = [new StreamModel(), new StreamModel()] as const;
        const followers: Follower[] = [];
        for (const command of sequence) {
          const name = names[command.stream] ?? names[0];
          const model = models[command.stream] ?? models[0];
          if (command.do === 'subscribe') {
            if (!model.isTombstoned) followers.push(await follow(name, model, command.from));
            continue;
          }
          const expectation = 'expected' in command ? command.expected : 'any';
          const expected = expectedFor(model, expectation);
          const last = model.last;
          const predicted = predict(model, command, expected);
          const actual = await perform(test.client, name, command, expected);
          // The client reads the end of a stream without events as 0.
          const isEmpty = command.do === 'append' && command.ids.length === 0 && last === -1;
          if (command.do === 'read' || 'error' in predicted || 'error' in actual)
            expect(actual).toEqual(predicted);
          else if (command.do === 'append' && !isEmpty) expect(actual).toEqual(predicted);
        }
        for (const follower of followers) await checkFollower(follower);
      }),
      { numRuns: runs },
    );
  }, 600_000);

  it('has in $all what it has in the streams, in one order', async () => {
    const seen = new Map<string, bigint[]>();
    let before = -1n;
    for (const { event } of await all(test.client.readAll())) {
      if (!event) throw new Error('an event is missing');
      expect(event.position.commit).toBeGreaterThan(before);
      before = event.position.commit;
      const revisions = seen.get(event.streamId) ?? [];
      seen.set(event.streamId, revisions);
      if (event.type !== '$streamDeleted') revisions.push(event.revision);
    }
    for (const revisions of seen.values())
      expect(revisions).toEqual(revisions.map((_, index) => BigInt(index)));
  });
});

import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import {
  type DuplexStream,
  grpcService,
  type Service,
} from '../../src/embedded/eventstore/grpc/service.js';
import { batchSuccess } from '../../src/embedded/eventstore/wire/append-responses.js';
import { readBatchChunk } from '../../src/embedded/eventstore/wire/stream-requests.js';
import { connectEventStore } from '../../src/eventstore/db-client-event-store.js';
import { type EventStore, StoreUnavailable } from '../../src/eventstore/event-store.js';
import { newEvents } from '../support/new-events.js';

// A server over gRPC that does what the embedded one does not: it answers in another order, ends calls
// that it owes answers, and sends what is no message.

type Asked = Readonly<{ id: Buffer; stream: string }>;

/** What the server does with the appends of a call once it has so many. */
type Script = Readonly<{
  after: number;
  answer(call: DuplexStream, asked: readonly Asked[]): void;
}>;

const success = ({ id, stream }: Asked): Buffer => {
  const revision = Number(stream.slice('test-'.length));
  return batchSuccess(id, stream, { revision, positions: { first: revision, last: revision } });
};

const inOrder: Script = {
  after: 1,
  answer: (call, asked) => {
    for (const each of asked) call.write(success(each));
  },
};

/** Over how many calls appends go that are under way at the same time. */
const callsAtOnce = 16;

/** For the calls that come, in their order. */
let scripts: Script[];
let calls: number;
let server: Server;
let store: EventStore;
beforeEach(async () => {
  scripts = [];
  calls = 0;
  const streams: Service = {
    name: 'event_store.client.streams.Streams',
    methods: {
      BatchAppend: {
        kind: 'duplex',
        serve: (call) => {
          calls += 1;
          return serve(call, scripts.shift() ?? inOrder);
        },
      },
    },
  };
  server = new Server();
  server.addService(...grpcService(streams, () => undefined));
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  store = connectEventStore(`esdb://127.0.0.1:${port}?tls=false`);
});
afterEach(async () => {
  await store.close();
  server.forceShutdown();
});

/** Settles once the script or the client has ended the call. */
const serve = (call: DuplexStream, { after, answer }: Script): Promise<void> => {
  let asked: Asked[] = [];
  call.on('data', (bytes: Buffer) => {
    const chunk = { correlationId: bytes, events: [], isFinal: false };
    readBatchChunk(bytes, chunk);
    const { target } = chunk as { target?: { stream: string } };
    asked.push({ id: chunk.correlationId, stream: target?.stream ?? '' });
    if (asked.length < after) return;
    answer(call, asked);
    asked = [];
  });
  return new Promise((resolve) => {
    for (const end of ['end', 'close', 'error', 'cancelled']) call.on(end, () => resolve());
  });
};

const append = (n: number) => store.append(`test-${n}`, newEvents(1), 'none');
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

it('gives each append its own answer, in whatever order they come', async () => {
  const reversed: Script = {
    after: 3,
    answer: (call, asked) => {
      for (const each of [...asked].reverse()) call.write(success(each));
    },
  };
  scripts = Array(callsAtOnce).fill(reversed);
  const appended = await Promise.all(numbers(3 * callsAtOnce).map(append));
  expect(appended.map(({ storeRevision, position }) => [storeRevision, position])).toEqual(
    numbers(3 * callsAtOnce).map((n) => [n, n]),
  );
});

it('sends what is appended at the same time over calls side by side, and what comes later over the first', async () => {
  for (const n of numbers(5)) await append(n);
  expect(calls).toBe(1);
  await Promise.all(numbers(3).map(append));
  expect(calls).toBe(3);
  await Promise.all(numbers(10 * callsAtOnce).map(append));
  expect(calls).toBe(callsAtOnce);
});

it.each<[string, Script['answer']]>([
  ['ends its calls', (call) => call.end()],
  ['breaks its calls off', (call) => call.emit('error', { code: status.UNAVAILABLE })],
])(
  'a server that %s leaves no append without an answer, and the next goes on',
  async (_, answer) => {
    scripts = Array(callsAtOnce).fill({ after: 2, answer });
    const failed = await Promise.allSettled(numbers(2 * callsAtOnce).map(append));
    expect(failed.map((outcome) => 'reason' in outcome && outcome.reason)).toEqual(
      Array(2 * callsAtOnce).fill(expect.any(StoreUnavailable)),
    );
    expect(await append(8)).toMatchObject({ storeRevision: 8 });
  },
);

it('an answer that is no message fails what waits, and the next goes on', async () => {
  scripts.push({ after: 1, answer: (call) => call.write(Buffer.from([0x0a, 0xff])) });
  await expect(append(1)).rejects.toThrow('malformed protobuf message');
  expect(await append(9)).toMatchObject({ storeRevision: 9 });
});

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

let scripts: Script[];
let server: Server;
let store: EventStore;
beforeEach(async () => {
  scripts = [];
  const streams: Service = {
    name: 'event_store.client.streams.Streams',
    methods: {
      BatchAppend: {
        kind: 'duplex',
        serve: (call) => serve(call, scripts.shift() ?? inOrder),
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

it('gives each append its own answer, in whatever order they come', async () => {
  scripts.push({
    after: 3,
    answer: (call, asked) => {
      for (const each of [...asked].reverse()) call.write(success(each));
    },
  });
  const appended = await Promise.all([5, 6, 7].map(append));
  expect(appended.map(({ storeRevision, position }) => [storeRevision, position])).toEqual([
    [5, 5],
    [6, 6],
    [7, 7],
  ]);
});

it.each<[string, Script['answer']]>([
  ['ends the call', (call) => call.end()],
  ['breaks the call off', (call) => call.emit('error', { code: status.UNAVAILABLE })],
])(
  'a server that %s leaves no append without an answer, and the next goes on',
  async (_, answer) => {
    scripts.push({ after: 2, answer });
    const failed = await Promise.allSettled([append(1), append(2)]);
    expect(failed.map((outcome) => 'reason' in outcome && outcome.reason)).toEqual([
      expect.any(StoreUnavailable),
      expect.any(StoreUnavailable),
    ]);
    expect(await append(8)).toMatchObject({ storeRevision: 8 });
  },
);

it('an answer that is no message fails what waits, and the next goes on', async () => {
  scripts.push({ after: 1, answer: (call) => call.write(Buffer.from([0x0a, 0xff])) });
  await expect(append(1)).rejects.toThrow('malformed protobuf message');
  expect(await append(9)).toMatchObject({ storeRevision: 9 });
});

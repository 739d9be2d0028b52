import { once } from 'node:events';
import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from '@jest/globals';
import { sendAhead } from '../../../src/embedded/eventstore/grpc/send-ahead.js';

type Call = ServerWritableStream<Buffer, Buffer>;

const path = '/test.Numbers/Count';
const asIs = (bytes: Buffer) => bytes;

let end = () => {};
afterEach(() => end());

/** A server whose only call is answered by `serve`, and a client that calls it. */
const callOf = async (serve: (call: Call) => void) => {
  const server = new Server({ interceptors: [sendAhead] });
  const serialized = { requestSerialize: asIs, requestDeserialize: asIs };
  const answered = { responseSerialize: asIs, responseDeserialize: asIs };
  const streams = { requestStream: false, responseStream: true };
  server.addService({ count: { path, ...streams, ...serialized, ...answered } }, { count: serve });
  const port = await new Promise<number>((resolve, reject) => {
    const bound = (error: Error | null, at: number) => (error ? reject(error) : resolve(at));
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), bound);
  });
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  end = () => {
    client.close();
    server.forceShutdown();
  };
  return client.makeServerStreamRequest(path, asIs, asIs, Buffer.alloc(0));
};

/** A message that begins with its number. */
const message = (n: number, bytes: number): Buffer => {
  const made = Buffer.alloc(bytes);
  made.writeUInt32BE(n);
  return made;
};

const numbersOf = async (messages: AsyncIterable<Buffer>): Promise<readonly number[]> => {
  const numbers: number[] = [];
  for await (const one of messages) numbers.push(one.readUInt32BE());
  return numbers;
};

describe('sending ahead', () => {
  it('takes all messages of one turn, and they arrive in their order', async () => {
    const waiting: number[] = [];
    const call = await callOf((serving) => {
      for (let n = 0; n < 50; n++) {
        serving.write(message(n, 1_000));
        waiting.push(serving.writableLength);
      }
      serving.end();
    });
    expect(await numbersOf(call)).toStrictEqual(Array.from({ length: 50 }, (_, n) => n));
    expect(Math.max(...waiting)).toBe(0);
  });

  it('takes no more than there is room for, while the client does not read', async () => {
    const count = 3_000;
    let serving: Call | undefined;
    const call = await callOf((opened) => {
      serving = opened;
      for (let n = 0; n < count; n++) opened.write(message(n, 1_000));
      opened.end();
    });
    await once(call, 'readable');
    // Those that are taken in one turn; the rest waits for the client, whose window is small beside it.
    expect(serving?.writableLength).toBeGreaterThan(count / 2);
    expect(await numbersOf(call)).toStrictEqual(Array.from({ length: count }, (_, n) => n));
    expect(serving?.writableLength).toBe(0);
  });

  it('takes a message that is larger than the room for all, and the next one after it', async () => {
    const call = await callOf((serving) => {
      for (let n = 0; n < 3; n++) serving.write(message(n, 1_000_000));
      serving.end();
    });
    expect(await numbersOf(call)).toStrictEqual([0, 1, 2]);
  });

  it('lets a client go that leaves while messages wait', async () => {
    let serving: Call | undefined;
    const call = await callOf((opened) => {
      serving = opened;
      for (let n = 0; n < 3_000; n++) opened.write(message(n, 1_000));
    });
    call.on('error', () => {});
    await once(call, 'readable');
    const left = once(serving as Call, 'cancelled');
    call.cancel();
    await left;
    expect(serving?.cancelled).toBe(true);
  });
});

import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Document, deserialize, serialize } from 'bson';
import { startTestMongo, type TestMongo } from './support/mongo.js';

const header = (id: number, opcode: number, body: Buffer): Buffer => {
  const head = Buffer.alloc(16);
  head.writeInt32LE(16 + body.length, 0);
  head.writeInt32LE(id, 4);
  head.writeInt32LE(opcode, 12);
  return Buffer.concat([head, body]);
};

const flags = (bits: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(bits);
  return bytes;
};

const msg = (id: number, command: Document, bits = 0): Buffer =>
  header(
    id,
    2013,
    Buffer.concat([
      flags(bits),
      Buffer.from([0]),
      serialize(command),
      Buffer.alloc(bits & 1 ? 4 : 0),
    ]),
  );

const sequence = (name: string, documents: readonly Document[]): Buffer => {
  const inner = Buffer.concat([
    Buffer.from(`${name}\0`),
    ...documents.map((each) => serialize(each)),
  ]);
  const size = Buffer.alloc(4);
  size.writeInt32LE(inner.length + 4);
  return Buffer.concat([Buffer.from([1]), size, inner]);
};

/** The replies that come over a connection, by the id of the request they answer. */
const replies = (socket: Socket) => {
  let bytes = Buffer.alloc(0);
  const found = new Map<number, Document>();
  const waiting = new Map<number, (reply: Document) => void>();
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    while (bytes.length >= 4 && bytes.length >= bytes.readInt32LE(0)) {
      const message = bytes.subarray(0, bytes.readInt32LE(0));
      bytes = bytes.subarray(message.length);
      const id = message.readInt32LE(8);
      const reply = deserialize(message.subarray(message.readInt32LE(12) === 1 ? 36 : 21));
      found.set(id, reply);
      waiting.get(id)?.(reply);
    }
  });
  return {
    found,
    of: (id: number) =>
      new Promise<Document>((resolve) => {
        const reply = found.get(id);
        if (reply) resolve(reply);
        else waiting.set(id, resolve);
      }),
  };
};

describe('the wire protocol', () => {
  let mongo: TestMongo;
  const sockets: Socket[] = [];

  beforeAll(async () => {
    mongo = await startTestMongo();
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await mongo.close();
  });

  const open = () => {
    const socket = connect(mongo.server.port, '127.0.0.1');
    socket.setNoDelay(true);
    sockets.push(socket);
    return socket;
  };
  const closed = (socket: Socket) =>
    new Promise<void>((resolve) => socket.once('close', () => resolve()));

  it('puts messages together wherever they were cut', async () => {
    const socket = open();
    const answers = replies(socket);
    for (const byte of msg(7, { ping: 1, $db: 'admin' })) socket.write(Buffer.from([byte]));
    expect(await answers.of(7)).toEqual({ ok: 1 });
  });

  it('answers several messages of one chunk, in their order', async () => {
    const socket = open();
    const answers = replies(socket);
    const [a, b, c] = [1, 2, 3].map((id) => msg(id, { ping: 1, $db: 'admin' }));
    socket.write(Buffer.concat([a!, b!, c!.subarray(0, 9)]));
    await answers.of(2);
    socket.write(c!.subarray(9));
    await answers.of(3);
    expect([...answers.found.keys()]).toEqual([1, 2, 3]);
  });

  it('takes documents beside the command, with and without a checksum', async () => {
    const socket = open();
    const answers = replies(socket);
    for (const bits of [0, 1]) {
      const body = Buffer.concat([
        flags(bits),
        sequence('documents', [{ _id: bits * 2 }, { _id: bits * 2 + 1 }]),
        Buffer.from([0]),
        serialize({ insert: 'beside', $db: 'wire' }),
        Buffer.alloc(bits * 4),
      ]);
      socket.write(header(bits + 1, 2013, body));
      expect(await answers.of(bits + 1)).toEqual({ n: 2, ok: 1 });
    }
    expect(await mongo.client.db('wire').collection('beside').countDocuments()).toBe(4);
  });

  it('takes documents inside the command', async () => {
    const socket = open();
    const answers = replies(socket);
    socket.write(msg(1, { insert: 'inside', documents: [{ _id: 1 }, { _id: 2 }], $db: 'wire' }));
    expect(await answers.of(1)).toEqual({ n: 2, ok: 1 });
  });

  it('does not answer what wants no answer, and does it all the same', async () => {
    const socket = open();
    const answers = replies(socket);
    socket.write(msg(1, { insert: 'quiet', documents: [{ _id: 1 }], $db: 'wire' }, 2));
    socket.write(msg(2, { count: 'quiet', $db: 'wire' }));
    expect(await answers.of(2)).toEqual({ n: 1, ok: 1 });
    expect(answers.found.has(1)).toBe(false);
  });

  it('greets as a standalone server of wire version 21, also in the old message format', async () => {
    const socket = open();
    const answers = replies(socket);
    const query = Buffer.concat([
      flags(0),
      Buffer.from('admin.$cmd\0'),
      Buffer.from([0, 0, 0, 0, 255, 255, 255, 255]),
      serialize({ isMaster: 1, helloOk: true }),
    ]);
    socket.write(header(1, 2004, query));
    socket.write(msg(2, { hello: 1, $db: 'admin' }));
    const limits = {
      maxBsonObjectSize: 16777216,
      maxMessageSizeBytes: 48000000,
      maxWriteBatchSize: 100000,
      logicalSessionTimeoutMinutes: 30,
      maxWireVersion: 21,
      ok: 1,
    };
    expect(await answers.of(1)).toMatchObject({ ...limits, ismaster: true, helloOk: true });
    const hello = await answers.of(2);
    expect(hello).toMatchObject({ ...limits, isWritablePrimary: true });
    for (const name of ['setName', 'compression', 'topologyVersion', 'saslSupportedMechs'])
      expect(hello).not.toHaveProperty(name);
  });

  it('ends a connection that sends what cannot be read, and no other one', async () => {
    const bad = [
      header(1, 2012, Buffer.from('compressed')),
      header(1, 2013, Buffer.concat([flags(0), Buffer.from([9]), serialize({ ping: 1 })])),
      Buffer.from([255, 255, 255, 127, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
      Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    ];
    for (const bytes of bad) {
      const socket = open();
      socket.write(bytes);
      await closed(socket);
    }
    expect(await mongo.client.db('admin').command({ ping: 1 })).toMatchObject({ ok: 1 });
  });
});

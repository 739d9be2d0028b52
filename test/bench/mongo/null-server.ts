import { createServer } from 'node:net';
import { type Document, Long } from 'bson';
import { encode } from '../../../src/embedded/mongo/raw.js';
import {
  cursorReply,
  formatReply,
  messageSplitter,
  type Reply,
} from '../../../src/embedded/mongo/wire.js';
import { type RunningServer, serveInThread } from '../../../src/embedded/server-thread.js';
import { rowOf } from './rows.js';

// Answers everything at once with what an answer looks like: what is left is the driver and the
// socket. It reads no more of a message than the name of the command.

const ns = 'bench.rows';
const batchDocuments = 40_000;

const hello: Document = {
  isWritablePrimary: true,
  ismaster: true,
  helloOk: true,
  maxBsonObjectSize: 16777216,
  maxMessageSizeBytes: 48000000,
  maxWriteBatchSize: 100000,
  logicalSessionTimeoutMinutes: 30,
  minWireVersion: 0,
  maxWireVersion: 21,
  ok: 1,
};

const rows = (count: number) => Array.from({ length: count }, (_, i) => encode(rowOf(i)));
const page = cursorReply('firstBatch', { id: Long.ZERO, ns }, rows(20));
const one = cursorReply('firstBatch', { id: Long.ZERO, ns }, rows(1));
const first = cursorReply('firstBatch', { id: Long.ONE, ns }, rows(101));
const more = cursorReply('nextBatch', { id: Long.ONE, ns }, rows(batchDocuments));
const last = cursorReply(
  'nextBatch',
  { id: Long.ZERO, ns },
  rows(100_000 - 101 - 2 * batchDocuments),
);
const written = encode({ n: 1000, nModified: 1000, ok: 1 });

const start = (): Promise<RunningServer> =>
  new Promise((resolve) => {
    const server = createServer((socket) => {
      const split = messageSplitter();
      let asked = 0;
      const answer = (message: Buffer): Reply => {
        const name = message.toString('latin1', 26, message.indexOf(0, 26));
        if (name === 'getMore') return ++asked % 3 === 0 ? last : more;
        if (name === 'update') return written;
        if (name !== 'find') return hello;
        if (message.includes('singleBatch')) return one;
        return message.includes('limit') ? page : first;
      };
      socket.setNoDelay(true);
      socket.on('error', () => socket.destroy());
      socket.on('data', (chunk) => {
        for (const message of split(chunk)) {
          const isLegacy = message.readInt32LE(12) === 2004;
          const id = message.readInt32LE(4);
          socket.write(formatReply({ id, isLegacy }, isLegacy ? hello : answer(message)));
        }
      });
    });
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address ? address.port : 0,
        stop: async () => {
          server.close();
        },
      });
    });
  });

serveInThread(start);

import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { END, EventStoreDBClient, excludeSystemEvents } from '@eventstore/db-client';
import * as ws from 'ws';
import { serveBench } from './served.js';

// A server that sends what it hears of to everyone, framed once: as little as it takes with `ws`.
const { values: asked } = parseArgs({
  options: {
    /** Sends what has come together in one write, instead of a message at a time. */
    joined: { type: 'boolean', default: false },
    /** The store whose events it tells, as its client gives them; else it hears from the bench. */
    store: { type: 'string' },
  },
});

// Not in the types of ws.
type Frame = (data: Buffer, options: object) => Buffer[];
const { Sender } = ws as unknown as { Sender: { frame: Frame } };

const server = createServer();
const sockets = new Set<Socket>();
new ws.WebSocketServer({ server }).on('connection', (client, { socket }) => {
  client.on('message', () => {
    for (const op of ['subscribed', 'caughtUp']) client.send(JSON.stringify({ op }));
  });
  client.on('close', () => sockets.delete(socket));
  sockets.add(socket);
});

const frameOf = (message: string): Buffer => {
  const options = { fin: true, opcode: 1, mask: false, readOnly: true };
  return Buffer.concat(Sender.frame(Buffer.from(message), options));
};

const sendAll = (bytes: Buffer): void => {
  for (const socket of sockets) socket.write(bytes);
};

let held: Buffer[] = [];
const sendHeld = (): void => {
  const all = Buffer.concat(held);
  held = [];
  sendAll(all);
};

const broadcast = (message: string): void => {
  if (!asked.joined) sendAll(frameOf(message));
  else if (held.push(frameOf(message)) === 1) setImmediate(sendHeld);
};

if (asked.store !== undefined) {
  const client = EventStoreDBClient.connectionString(asked.store);
  const told = client.subscribeToAll({ fromPosition: END, filter: excludeSystemEvents() });
  told.on('data', ({ event }) => {
    if (!event) return;
    const { id, type, streamId: stream, revision, position, created, data, metadata } = event;
    const numbers = { revision: Number(revision), position: `${position.commit}` };
    const view = { id, type, stream, ...numbers, created, data, metadata };
    broadcast(JSON.stringify({ op: 'event', id: 'feed', event: view }));
  });
  await new Promise((resolve) => told.once('caughtUp', resolve));
}
serveBench(server, (messages) => {
  for (const message of messages) broadcast(message);
});

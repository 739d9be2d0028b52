import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import * as ws from 'ws';
import { serveBench } from './served.js';

// Not in the types of ws.
type Frame = (data: Buffer, options: object) => Buffer[];
const { Sender } = ws as unknown as { Sender: { frame: Frame } };

/** A server that sends whatever it is told to everyone, framed once: as little as it takes with `ws`. */
const server = createServer();
const sockets = new Set<Socket>();
new ws.WebSocketServer({ server }).on('connection', (client, { socket }) => {
  client.on('message', () => {
    for (const op of ['subscribed', 'caughtUp']) client.send(JSON.stringify({ op }));
  });
  client.on('close', () => sockets.delete(socket));
  sockets.add(socket);
});
serveBench(server, (messages) => {
  for (const message of messages) {
    const options = { fin: true, opcode: 1, mask: false, readOnly: true };
    const frame = Buffer.concat(Sender.frame(Buffer.from(message), options));
    for (const socket of sockets) socket.write(frame);
  }
});

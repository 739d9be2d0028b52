import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EventStoreDBClient, jsonEvent, NO_STREAM } from '@eventstore/db-client';
import express from 'express';
import { MongoClient } from 'mongodb';
import { messages as messagesModel } from '../../../../projections/messages.js';
import { sessions as sessionsModel } from '../../../../projections/sessions.js';
import { messagesOfNode, takeOver } from '../../../../src/http/express-messages.js';
import { collectionName } from '../../../../src/projecting/read-model.js';
import { keepMessageModels } from './message-models.js';

// What a program would be that only passes on: express, and the calls of the same clients that append a
// message, get a session and list messages. What is appended has the same metadata, and expects the revision
// that the one before it led to, which is kept in memory. No checks, no identity, no ids of requests, and read
// models only with READ_MODELS. With UNALTERED, requests have Express's prototypes from the first, as the program's have.

const { EVENTSTORE_URL = '', MONGODB_URL = '', READ_MODELS, UNALTERED } = process.env;
const events = EventStoreDBClient.connectionString(EVENTSTORE_URL);
const mongo = await MongoClient.connect(MONGODB_URL, { ignoreUndefined: true });
const db = mongo.db('forkline');
const sessions = db.collection<{ _id: string }>(collectionName(sessionsModel));
const messages = db.collection<{ _id: string; stream: string; to: number | null; seq: number }>(
  collectionName(messagesModel),
);

const revisions = new Map<string, bigint>();
let appended = 0;
const written = READ_MODELS ? await keepMessageModels(events, db) : () => appended;

const app = express();
app.post('/v1/sessions/:id/messages', express.json(), async (request, response) => {
  const id = randomUUID();
  const stream = `session-${request.params.id}`;
  const metadata = {
    ...{ $correlationId: request.params.id, $causationId: id, commandId: id, requestId: id },
    ...{ userId: 'local', ownerId: 'local', schemaVersion: 1 },
    clientAddress: request.socket.remoteAddress ?? '',
  };
  const data = { messageId: id, ...request.body, metadata: {} };
  const event = jsonEvent({ id, type: 'MessagePosted', data, metadata });
  const expectedRevision = revisions.get(stream) ?? NO_STREAM;
  const { nextExpectedRevision } = await events.appendToStream(stream, event, { expectedRevision });
  revisions.set(stream, nextExpectedRevision);
  appended += 1;
  response.status(201).json({ id, stream, revision: Number(nextExpectedRevision) });
});
app.get('/v1/sessions/:id', async (request, response) => {
  response.json(await sessions.findOne({ _id: `session-${request.params.id}` }));
});
app.get('/v1/sessions/:id/messages', async (request, response) => {
  const stream = `session-${request.params.id}`;
  if (!(await sessions.findOne({ _id: stream }))) return void response.status(404).end();
  const items = await messages.find({ stream, to: null }).sort({ seq: 1 }).limit(51).toArray();
  response.json({ items, next: null });
});
app.get('/unwritten', (_, response) => {
  response.json(appended - written());
});

const made = messagesOfNode();
if (UNALTERED) takeOver(app, made);
const server = createServer(UNALTERED ? { ...made } : {}, app);
server.listen(0, '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.on('SIGTERM', () => process.exit(0));

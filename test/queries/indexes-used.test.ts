import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Document, MongoClient } from 'mongodb';
import { projections } from '../../projections/index.js';
import { startMongo } from '../../src/embedded/index.js';
import type { EmbeddedMongo } from '../../src/embedded/mongo/start.js';
import type { Streams } from '../../src/eventstore/lineage.js';
import type { SnapshotStore } from '../../src/eventstore/snapshots.js';
import { readModel } from '../../src/projecting/read-model.js';
import { snapshotsIn } from '../../src/projecting/snapshot-store.js';
import { listAudit } from '../../src/queries/audit.js';
import { findCheckpoint, listCheckpoints } from '../../src/queries/checkpoints.js';
import { openChildren, settledChildren } from '../../src/queries/children.js';
import { type Collections, collectionsOf } from '../../src/queries/collections.js';
import { compareExecutions } from '../../src/queries/compare.js';
import { listDue } from '../../src/queries/deadlines.js';
import { findExecution, listExecutions } from '../../src/queries/executions.js';
import { findInterrupt, listInterrupts } from '../../src/queries/interrupts.js';
import { detachedStreams, forksOf, lineageOf } from '../../src/queries/lineage.js';
import { listMessages } from '../../src/queries/messages.js';
import { ownersOf } from '../../src/queries/owners.js';
import { toCursor } from '../../src/queries/page.js';
import { cutKeeping } from '../../src/queries/prunes.js';
import { findQueue, listQueues } from '../../src/queries/queues.js';
import { searchMessages } from '../../src/queries/search.js';
import { findSession, listSessions } from '../../src/queries/sessions.js';
import { findTask, listTasks } from '../../src/queries/tasks.js';
import { timelineOf } from '../../src/queries/timeline.js';
import {
  type WebhookDeliveries,
  webhookDeliveriesIn,
} from '../../src/queries/webhook-deliveries.js';
import {
  activeWebhooks,
  findWebhook,
  listWebhooks,
  webhooksById,
} from '../../src/queries/webhooks.js';
import { type WorkerHeartbeats, workerHeartbeatsIn } from '../../src/queries/worker-heartbeats.js';
import { findWorker, listWorkers, workerStanding } from '../../src/queries/workers.js';
import { removeFolder, temporaryFolder } from '../support/program.js';

let folder: string;
let mongo: EmbeddedMongo;
let client: MongoClient;
let collections: Collections;
let heartbeats: WorkerHeartbeats;
let snapshots: SnapshotStore;
const kind = { category: 'session', version: 1 };
const inAncestor = [{ stream: 'session-a', through: 63 }];
const inFork = [{ stream: 'session-0', through: 20 }, ...inAncestor];
let deliveries: WebhookDeliveries;
const sent: Document[] = [];

const ann = { userId: 'ann', admin: false };
const root = { userId: 'root', admin: true };
const limit = 20;
const at = '2026-01-01T00:00:00.000Z';
const inAudit = toCursor([Date.parse(at), 9]);
const cursor = toCursor(['2026-01-01T00:00:00.000Z', 'session-x']);
const fork = {
  ancestry: [{ stream: 'parent', through: 5 }],
  root: 'parent',
  userId: 'ann',
  createdAt: '2026-01-01T00:00:00.000Z',
};

beforeAll(async () => {
  folder = await temporaryFolder();
  mongo = await startMongo({ dataDir: folder });
  client = await MongoClient.connect(mongo.url, { monitorCommands: true });
  const db = client.db('forkline');
  // Making indexes reads no stream.
  for (const projection of projections) await readModel(db, projection, {} as Streams).prepare();
  collections = collectionsOf(db);
  heartbeats = workerHeartbeatsIn(db);
  await heartbeats.prepare();
  await heartbeats.beat({ workerId: 'b', at: 1, expiresAt: 2 });
  snapshots = snapshotsIn(db);
  await snapshots.prepare([kind]);
  const place = { stream: 'session-a', revision: 63, position: 63, ancestors: [] };
  const content = { entries: new Map([['m', {}]]), commands: [] };
  await snapshots.add(kind, { ...place, ...content, head: {}, count: 1 });
  const descending = { ...place, ancestors: ['session-0'] };
  await snapshots.add(kind, { ...descending, ...content, head: {}, count: 1 });
  deliveries = webhookDeliveriesIn(db, { now: Date.now });
  await deliveries.prepare();
  await db.collection('streams_v1').insertMany(
    ['session-b', 'execution-b'].map((_id) => {
      const parent = _id.replace('b', 'a');
      return {
        ...{ _id, stream: _id, ...fork, root: parent },
        ancestry: [{ stream: parent, through: 5 }],
      } as Document;
    }),
  );
  await db.collection('streams_v1').insertOne({
    ...{ _id: 'session-deep', stream: 'session-deep', ...fork, root: 'session-a' },
    ancestry: Array.from({ length: 40 }, (_, n) => ({
      stream: n === 0 ? 'session-a' : `session-${n}`,
      through: 5 + n,
    })),
  } as Document);
  await db.collection('messages_v2').insertOne({
    ...{ _id: 'session-a/m@1', key: 'session-a/m', stream: 'session-a', messageId: 'm', seq: 1 },
    ...{ from: 1, to: null, userId: 'ann', role: 'user', content: 'hello', text: 'hello' },
    ...{ deleted: false, createdAt: at, metadata: {}, position: 1 },
  } as Document);
  await db.collection('checkpoints_v2').insertMany([
    {
      ...{ _id: 'execution-a/c@1', key: 'execution-a/c', stream: 'execution-a', checkpointId: 'c' },
      ...{ seq: 1, from: 1, to: null, userId: 'ann', agent: 'a', stage: 's', stageOrder: 1 },
      ...{ state: {}, createdAt: at, position: 2 },
    },
    {
      ...{ _id: 'execution-b/d@7', key: 'execution-b/d', stream: 'execution-b', checkpointId: 'd' },
      ...{ seq: 7, from: 7, to: null, userId: 'ann', agent: 'a', stage: 's', stageOrder: 2 },
      ...{ stateDelta: [], createdAt: at, position: 3 },
    },
    {
      ...{ _id: 'execution-c/e@1', key: 'execution-c/e', stream: 'execution-c', checkpointId: 'e' },
      ...{ seq: 1, from: 1, to: null, userId: 'ann', agent: 'a', stage: 's', stageOrder: 1 },
      ...{ state: {}, createdAt: at, position: 3 },
    },
  ] as Document[]);
  await db.collection('workers_v1').insertOne({
    ...{ _id: 'worker-b', stream: 'worker-b', id: 'b', userId: 'ann', status: 'active' },
    ...{ queues: ['mail.*'], position: 4 },
  } as Document);
  await db.collection('queues_v1').insertOne({
    ...{
      _id: 'ann llm',
      stream: 'queues',
      userId: 'ann',
      queue: 'llm',
      minutes: [],
      updatedAt: at,
    },
    ...{ ready: 2, delayed: 0, running: 0, completed: 0, failed: 0, dead: 0, cancelled: 0 },
  } as Document);
  await db.collection('tasks_v2').insertMany(
    [9, 2].map(
      (priority) =>
        ({
          ...{ _id: `task-${priority}`, stream: `task-${priority}`, id: `${priority}` },
          ...{ userId: 'ann', queue: 'llm', status: 'ready', priority, readyPosition: priority },
          ...{ readyAt: at, createdAt: at, position: priority },
        }) as Document,
    ),
  );
  await db.collection('executions_v3').insertMany(
    ['b', 'c'].map(
      (id) =>
        ({
          ...{ _id: `execution-${id}`, stream: `execution-${id}`, id, userId: 'ann' },
          ...{ status: 'running', updatedAt: at, revision: 9, position: 3 },
        }) as Document,
    ),
  );
  client.on('commandStarted', ({ commandName, command }) => {
    if (commandName === 'find') sent.push(command);
  });
});

afterAll(async () => {
  await client.close();
  await mongo.stop();
  await removeFolder(folder);
});

const workersFrom = () => ({ collections, heartbeats });

const asked: readonly (readonly [string, number, () => Promise<unknown>])[] = [
  ['one session', 1, () => findSession(collections, ann, 'b')],
  ["a user's sessions", 1, () => listSessions(collections, ann, { limit })],
  [
    "a user's sessions by status and title, further on",
    1,
    () => listSessions(collections, ann, { status: 'active', q: 'x', cursor, limit }),
  ],
  ["everyone's sessions, further on", 1, () => listSessions(collections, root, { cursor, limit })],
  ['the messages of a fork', 3, () => listMessages(collections, 'session-b', { limit })],
  [
    'the messages of a fork as of a revision',
    3,
    () => listMessages(collections, 'session-b', { at: 9, cursor: toCursor([0]), limit }),
  ],
  [
    'the messages of a fork of forks',
    3,
    () => listMessages(collections, 'session-deep', { limit }),
  ],
  ['a search', 1, () => searchMessages(collections, ann, { q: 'hello', limit })],
  [
    'a search in one session',
    2,
    () => searchMessages(collections, root, { q: 'hello', sessionId: 'b', limit }),
  ],
  ['one execution', 1, () => findExecution(collections, ann, 'b')],
  [
    'the executions of a session',
    1,
    () => listExecutions(collections, ann, { sessionId: 's', limit }),
  ],
  ["a user's executions, further on", 1, () => listExecutions(collections, ann, { cursor, limit })],
  ["everyone's executions", 1, () => listExecutions(collections, root, { limit })],
  ['the checkpoints of a fork', 3, () => listCheckpoints(collections, 'execution-b', { limit })],
  ['one checkpoint, its state put together', 3, () => findCheckpoint(collections, ann, 'd')],
  ['a timeline', 5, () => timelineOf(collections, ann, 'b', { limit })],
  ['a comparison', 10, () => compareExecutions(collections, root, { a: 'b', b: 'c' }, { limit })],
  ['what pruning would take', 4, () => cutKeeping(collections, 'execution-b', 1)],
  ['the forks of a stretch', 1, () => forksOf(collections, 'execution-a', { low: 1, high: 5 })],
  ['a lineage', 2, () => lineageOf(collections, ann, 'session-b')],
  ['one task', 1, () => findTask(collections, ann, '9')],
  ["a user's tasks, further on", 1, () => listTasks(collections, ann, { cursor, limit })],
  ["everyone's tasks, further on", 1, () => listTasks(collections, root, { cursor, limit })],
  [
    "a user's tasks of a queue",
    1,
    () => listTasks(collections, ann, { queue: 'llm', status: 'dead', type: 't', limit }),
  ],
  ['all tasks of a status', 1, () => listTasks(collections, root, { status: 'dead', limit })],
  ['the tasks of a session', 1, () => listTasks(collections, ann, { sessionId: 's', limit })],
  ['the tasks of a worker', 1, () => listTasks(collections, root, { workerId: 'w', limit })],
  [
    "the numbers of a user's queue, and the oldest of its tasks by one look for each priority",
    4,
    () => findQueue(collections, ann, 0, 'llm'),
  ],
  ["the numbers of everyone's queue", 4, () => findQueue(collections, root, 0, 'llm')],
  [
    "a user's queues, further on",
    4,
    () => listQueues(collections, ann, 0, { cursor: toCursor(['a']), limit }),
  ],
  ["everyone's queues", 4, () => listQueues(collections, root, 0, { limit })],
  ['one interrupt', 1, () => findInterrupt(collections, ann, 'b')],
  ["a user's interrupts, further on", 1, () => listInterrupts(collections, ann, { cursor, limit })],
  [
    "a user's pending interrupts",
    1,
    () => listInterrupts(collections, ann, { status: 'pending', limit }),
  ],
  [
    "everyone's pending interrupts",
    1,
    () => listInterrupts(collections, root, { status: 'pending', limit }),
  ],
  ["everyone's interrupts", 1, () => listInterrupts(collections, root, { cursor, limit })],
  ...['kind', 'sessionId', 'requestId', 'executionId'].map(
    (field) =>
      [
        `everyone's interrupts by ${field}`,
        1,
        () => listInterrupts(collections, root, { [field]: 'x', limit }),
      ] as const,
  ),
  ['what is due', 1, () => listDue(collections, '2026-01-01T00:00:00.000Z', limit)],
  [
    'what is due, further on',
    1,
    () =>
      listDue(collections, '2026-01-01T00:00:00.000Z', limit, {
        dueAt: '2025-01-01T00:00:00.000Z',
        stream: 'interrupt-x',
      }),
  ],
  ['one webhook', 1, () => findWebhook(collections, ann, 'b')],
  ['one webhook, whoever asks', 1, () => webhooksById(collections, ['b'])],
  ["a user's webhooks, further on", 1, () => listWebhooks(collections, ann, { cursor, limit })],
  ["everyone's webhooks", 1, () => listWebhooks(collections, root, { limit })],
  ['the webhooks that are told of events', 1, () => activeWebhooks(collections)],
  ['the deliveries that are due', 1, () => deliveries.next(1, ['b', 'c'], limit)],
  ['one delivery', 1, () => deliveries.find('b', 'msg_1')],
  [
    'the deliveries of a webhook that are parked, further on',
    1,
    () => deliveries.list('b', { status: 'parked', cursor, limit }),
  ],
  ['where a webhook was at a time', 1, () => deliveries.positionBefore('b', '2026-01-01')],
  [
    'what was open in a session as of a position',
    3,
    () => openChildren(collections, { sessionId: 's', position: 9 }),
  ],
  [
    'what was settled in a session as of a position',
    3,
    () => settledChildren(collections, { sessionId: 's', position: 9 }, limit),
  ],
  ['the forks of a stream', 1, () => forksOf(collections, 'session-a')],
  ['the forks that were detached', 1, () => detachedStreams(collections)],
  ['the audit, further on', 1, () => listAudit(collections, { cursor: inAudit, limit })],
  ...[{ userId: 'ann' }, { stream: 'session-b' }, { type: 'SessionCreated' }].flatMap((asked) =>
    [{}, { since: at }, { until: at, cursor: inAudit }].map(
      (when) =>
        [
          `the audit of ${JSON.stringify({ ...asked, ...when })}`,
          1,
          () => listAudit(collections, { ...asked, ...when, limit }),
        ] as const,
    ),
  ),
  [
    'whose some streams and a checkpoint are',
    2,
    () => ownersOf(collections, { streams: ['session-b', 'task-c'], checkpoints: ['d'] }),
  ],
  ['one worker', 2, () => findWorker(workersFrom(), ann, 'b')],
  ["a user's workers", 2, () => listWorkers(workersFrom(), ann, { limit })],
  [
    "everyone's workers, further on",
    2,
    () => listWorkers(workersFrom(), root, { cursor: toCursor(['worker-a']), limit }),
  ],
  [
    'the workers lost that took from a queue',
    2,
    () => listWorkers(workersFrom(), root, { status: 'lost', queue: 'mail', limit }),
  ],
  ['what a worker is', 1, () => workerStanding(collections, 'b')],
  ['heartbeats that are overdue', 1, () => heartbeats.expired(9)],
  [
    'the newest snapshot',
    1,
    () => snapshots.newest(kind, [{ stream: 'session-a', through: Number.POSITIVE_INFINITY }]),
  ],
  ['the newest snapshot up to a revision', 1, () => snapshots.newest(kind, inAncestor)],
  ['an entry of a snapshot', 2, () => snapshots.entries(kind, inAncestor, ['m'])],
  ["an entry of a fork's snapshot", 2, () => snapshots.entries(kind, inFork, ['m'])],
  ['the latest commands of a stream', 1, () => snapshots.commands(kind, inFork)],
];

it('asks no more for the messages of a fork of forks than for those of a fork', async () => {
  sent.length = 0;
  await listMessages(collections, 'session-b', { limit });
  const asked = sent.length;
  sent.length = 0;
  await listMessages(collections, 'session-deep', { limit });
  expect(sent).toHaveLength(asked);
});

describe('an index serves', () => {
  it.each(asked)('%s', async (_, queries, ask) => {
    sent.length = 0;
    await ask();
    const finds = [...sent];
    expect(finds.length).toBeGreaterThanOrEqual(queries);
    for (const { find, filter, sort, limit, projection } of finds) {
      const explained = await client.db('forkline').command({
        explain: {
          find,
          filter,
          ...(sort && { sort }),
          ...(limit && { limit }),
          ...(projection && { projection }),
        },
        verbosity: 'queryPlanner',
      });
      expect(JSON.stringify(explained.queryPlanner.winningPlan)).toMatch(/IXSCAN|IDHACK|TEXT/);
      expect(JSON.stringify(explained)).not.toContain('COLLSCAN');
    }
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Document, MongoClient } from 'mongodb';
import { queues } from '../../projections/queues.js';
import { tasks } from '../../projections/tasks.js';
import { startMongo } from '../../src/embedded/index.js';
import type { EmbeddedMongo } from '../../src/embedded/mongo/start.js';
import type { Streams } from '../../src/eventstore/lineage.js';
import type { AnyProjection } from '../../src/projecting/projection.js';
import { readModel } from '../../src/projecting/read-model.js';
import { type Collections, collectionsOf } from '../../src/queries/collections.js';
import {
  findReadyQueues,
  findReadyTasks,
  findReadyTasksById,
  type ReadyTasksOf,
} from '../../src/queries/ready-tasks.js';
import { removeFolder, temporaryFolder } from '../support/program.js';

let folder: string;
let mongo: EmbeddedMongo;
let client: MongoClient;
let collections: Collections;
const sent: Document[] = [];

const count = 6_000;
/** Two users' tasks in two queues: every fourth is running, priorities are from 0 to 2. */
const documents = Array.from({ length: count }, (_, n) => ({
  ...{ _id: `task-${n}`, stream: `task-${n}`, id: `${n}`, type: 'send', payload: { n } },
  userId: n % 2 === 0 ? 'ann' : 'bob',
  queue: n % 3 === 0 ? 'mail' : 'mail.slow',
  status: n % 4 === 0 ? 'running' : 'ready',
  ...{ priority: n % 3 === 0 ? n % 9 : 5, maxAttempts: 3, timeoutSeconds: 60, attempts: 1 },
  ...(n % 4 !== 0 && { readyPosition: 10 * n }),
  ...{ cancelRequested: false, error: 'once', revision: 2, position: 10 * n },
}));

beforeAll(async () => {
  folder = await temporaryFolder();
  mongo = await startMongo({ dataDir: folder });
  client = await MongoClient.connect(mongo.url, { monitorCommands: true });
  const db = client.db('forkline');
  // Making indexes reads no stream and folds no event.
  for (const projection of [tasks, queues])
    await readModel(db, projection as unknown as AnyProjection, {} as Streams).prepare();
  collections = collectionsOf(db);
  await db.collection(collections.tasks.collectionName).insertMany(documents as object[]);
  await db.collection(collections.queues.collectionName).insertMany(
    ['mail', 'mail.slow', 'mail.done', 'other'].flatMap((queue) =>
      ['ann', 'bob'].map((userId) => ({
        ...{ _id: `${userId} ${queue}`, userId, queue },
        ready: queue === 'mail.done' || (queue === 'other' && userId === 'bob') ? 0 : 3,
      })),
    ) as object[],
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

const expected = ({ queue, userId }: ReadyTasksOf): readonly string[] =>
  documents
    .filter((each) => each.queue === queue && (userId ?? each.userId) === each.userId)
    .filter(({ status }) => status === 'ready')
    .sort((a, b) => b.priority - a.priority || a.readyPosition! - b.readyPosition!)
    .map(({ id }) => id);

describe('ready tasks', () => {
  it.each([
    ['of everybody', undefined],
    ['of one user', 'bob'],
  ])('%s are found page by page in the order in which they are handed out', async (_, userId) => {
    const of = { queue: 'mail', userId };
    const ids: string[] = [];
    for (let last: Awaited<ReturnType<typeof findReadyTasks>>[number] | undefined; ; ) {
      const found = await findReadyTasks(collections, of, last, 100);
      ids.push(...found.map(({ id }) => id));
      last = found.at(-1);
      if (found.length < 100) break;
    }
    expect(ids).toEqual(expected(of));
    expect(ids.length).toBeGreaterThan(500);
  });

  it('come with what a claim needs', async () => {
    const [found] = await findReadyTasksById(collections, ['1', '4']);
    expect(found).toEqual({
      ...{ id: '1', revision: 2, priority: 5, readyPosition: 10, isFork: false },
      state: {
        ...{ userId: 'bob', type: 'send', queue: 'mail.slow', priority: 5, payload: { n: 1 } },
        ...{ maxAttempts: 3, timeoutSeconds: 60, status: 'ready', attempts: 1 },
        ...{ cancelRequested: false, error: 'once' },
      },
    });
    expect(await findReadyTasksById(collections, ['4'])).toEqual([]);
  });

  it.each([
    ['the first', { queue: 'mail.slow', userId: undefined }, undefined],
    ["a user's first", { queue: 'mail.slow', userId: 'ann' }, undefined],
    ['those after a place', { queue: 'mail', userId: undefined }, 3],
    ["a user's after a place", { queue: 'mail', userId: 'bob' }, 3],
  ] as const)('cost what is found, however many there are: %s', async (_, of, priority) => {
    sent.length = 0;
    const after = priority === undefined ? undefined : { priority, readyPosition: 30_000 };
    const found = await findReadyTasks(collections, of, after, 20);
    expect(found).toHaveLength(20);
    let examined = 0;
    for (const { find, filter, sort, limit } of sent) {
      const { executionStats } = await client
        .db('forkline')
        .command({ explain: { find, filter, sort, limit }, verbosity: 'executionStats' });
      examined += executionStats.totalDocsExamined + executionStats.totalKeysExamined;
    }
    expect(sent.length).toBeGreaterThanOrEqual(1);
    expect(examined).toBeLessThan(60);
  });
});

describe('queues with ready tasks', () => {
  it('are found by how their names begin', async () => {
    const find = (queue: string, userId?: string) =>
      findReadyQueues(collections, { queue, userId }, 10);
    expect(await find('mail')).toEqual(['mail', 'mail.slow']);
    expect(await find('mail.')).toEqual(['mail.slow']);
    expect(await find('', 'ann')).toEqual(['mail', 'mail.slow', 'other']);
    expect(await find('other', 'bob')).toEqual([]);
  });
});

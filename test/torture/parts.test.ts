import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestStores, type TestStores } from '../projecting/support/stores.js';
import { newEvents } from '../support/new-events.js';
import { checkReadModels } from './checks/read-models.js';
import { drawFrom } from './draw.js';
import { startLink } from './faults/link.js';
import { type FaultTargets, planFaults } from './faults/plan.js';
import { drawCommand } from './load/command.js';
import { forkCommands } from './load/fork-commands.js';
import { newMemory } from './load/memory.js';
import { sessionCommands } from './load/session-commands.js';

const targets: FaultTargets = {
  nodes: ['node-0', 'node-1'],
  stores: ['eventstore', 'mongodb'],
  storeLinks: ['node-0>mongodb'],
  clientLinks: ['clients>node-0'],
};

describe('a seed', () => {
  it('says which faults there are and when', () => {
    const planned = planFaults(7, targets, 60_000, 30);
    expect(planFaults(7, targets, 60_000, 30)).toEqual(planned);
    expect(planFaults(7, targets, 600_000, 30).slice(0, planned.length)).toEqual(planned);
    expect(planFaults(8, targets, 60_000, 30)).not.toEqual(planned);
    expect(planFaults(7, targets, 60_000, 0)).toEqual([]);
  });

  it('says which commands a client sends, whatever is answered', () => {
    const commands = (seed: number, revision: number) => {
      const draw = drawFrom(seed, 'user-0-client-0');
      const memory = newMemory();
      const sorts = [...sessionCommands, ...forkCommands];
      return Array.from({ length: 300 }, () => {
        const drawn = drawCommand(sorts, memory, draw, { revisionOf: () => revision });
        return drawn && [drawn.kind, drawn.needs, drawn.makes, drawn.forks?.stream];
      });
    };
    expect(commands(7, 0)).toEqual(commands(7, 50));
    expect(commands(8, 0)).not.toEqual(commands(7, 0));
  });
});

describe('a link', () => {
  it('loses answers to requests that arrive, and then cuts the connection', async () => {
    const arrived: string[] = [];
    const server = createServer((socket: Socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        arrived.push(String(chunk));
        socket.write(`answer to ${chunk}`);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const link = await startLink((server.address() as AddressInfo).port);
    const client = connect(link.port, '127.0.0.1');
    let answered = '';
    client.on('data', (chunk) => {
      answered += chunk;
    });
    client.write('first');
    await once(client, 'data');

    link.loseAnswers(true);
    client.write('second');
    while (link.lost() === 0) await new Promise(setImmediate);
    link.loseAnswers(false);
    await once(client, 'close');
    expect(arrived).toEqual(['first', 'second']);
    expect(answered).toBe('answer to first');
    await link.stop();
    server.close();
  });
});

describe('the check of the read models', () => {
  let stores: TestStores;
  beforeAll(async () => {
    stores = await startTestStores();
  });
  afterAll(() => stores.close());

  const broken = async () =>
    (await checkReadModels(stores)).map(({ violations }) => violations.length);

  it('finds a document that was changed, lost or made up, and an event that is parked', async () => {
    for (const name of ['a', 'b'])
      await stores.store.append(`session-${name}`, newEvents(2), 'none');
    expect(await broken()).toEqual([0, 0]);

    const streams = stores.db.collection<{ _id: string }>('streams_v1');
    const changed = { $set: { other: 1 } };
    expect(await streams.updateOne({ stream: 'session-a' }, changed)).toMatchObject({
      modifiedCount: 1,
    });
    expect(await streams.deleteOne({ stream: 'session-b' })).toMatchObject({ deletedCount: 1 });
    await streams.insertOne({ _id: 'made up' });
    await stores.db.collection('parked').insertOne({ why: 'planted' });
    expect(await broken()).toEqual([3, 1]);
  });
});

import { beforeAll, expect, it } from '@jest/globals';
import { ForklineClient } from '../../src/client/node-client.js';
import { sharing } from '../http/support/running.js';

const program = sharing();
let client: ForklineClient;

beforeAll(() => {
  client = new ForklineClient({ url: program.url() });
});

const stages = [
  { name: 'plan', agent: 'planner' },
  { name: 'write', agent: 'writer', queue: 'nobody' },
];

it('replays, resumes, compares and prunes over the client', async () => {
  const { id } = await client.executions.start({ pipeline: { name: 'report', stages } });
  const save = (n: number) =>
    client.executions.checkpoint(id, {
      ...{ agent: 'planner', stage: 'plan', stageOrder: 0, state: { n } },
    });
  const [first, second] = [await save(1), await save(2)];

  const replay = { modifications: { n: null, m: 3 }, reason: 'what if' };
  const fork = await client.checkpoints.replay(first.id, replay, { after: second.position });
  const { position } = await client.executions.resume(fork.executionId);
  expect(await client.executions.get(fork.executionId, { after: position })).toMatchObject({
    dispatched: { stage: 'write', agent: 'writer' },
  });
  const { executionId } = fork;
  expect(await client.checkpoints.get(first.id, { executionId })).toMatchObject({ executionId });

  const compared = await client.executions.compare(id, executionId, { limit: 5 });
  expect(compared.common).toEqual({ stream: `execution-${id}`, revision: first.revision });
  expect(compared.items[0]).toMatchObject({
    ...{ stageOrder: 0, a: { id: second.id }, b: { id: fork.checkpointId } },
    state: [
      { op: 'remove', path: '/n' },
      { op: 'add', path: '/m', value: 3 },
    ],
  });
  await expect(client.executions.prune(id, { keepLast: 1 })).rejects.toMatchObject({
    code: 'stream-has-forks',
  });
  expect(await client.executions.prune(executionId, { keepLast: 1 })).toMatchObject({ pruned: 1 });
});

import { beforeAll, expect, it } from '@jest/globals';
import { ForklineClient, type Step } from '../../src/client/node-client.js';
import { sharing } from '../http/support/running.js';

const program = sharing();
let client: ForklineClient;

beforeAll(() => {
  client = new ForklineClient({ url: program.url() });
});

it('goes along a stream page by page, and compares it with its fork', async () => {
  const { id, stream } = await client.sessions.create({ title: 'One' });
  for (const title of ['Two', 'Three', 'Four']) await client.sessions.patch(id, { title });
  const fork = await client.streams.fork(stream, { at: 2 });

  const steps: Step[] = [];
  for await (const step of client.streams.eachStep(fork.stream, { from: 1, to: 3, limit: 1 }))
    steps.push(step);
  expect(steps.map(({ type, changes }) => [type, changes])).toEqual([
    ['SessionRenamed', [{ op: 'replace', path: '/title', value: 'Two' }]],
    ['SessionRenamed', [{ op: 'replace', path: '/title', value: 'Three' }]],
    ['StreamForked', [{ op: 'add', path: '/forkedFrom', value: { stream, revision: 2 } }]],
  ]);

  const compared = await client.streams.compare(stream, `${fork.stream}@3`, { limit: 1 });
  expect(compared).toMatchObject({
    common: { stream, revision: 2 },
    a: { ownEvents: 1, events: [{ type: 'SessionRenamed' }], more: null },
    b: { ownEvents: 1, events: [{ type: 'StreamForked' }], more: null },
    truncated: false,
  });
  expect(compared.changes).toContainEqual({ op: 'replace', path: '/title', value: 'Three' });
  await expect(client.streams.compare(stream, 'session-of-nobody')).rejects.toMatchObject({
    code: 'session-not-found',
  });
});

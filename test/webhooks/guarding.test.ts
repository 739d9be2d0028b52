import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { expectProblem } from '../http/support/expect-problem.js';
import { createSession } from '../http/support/making.js';
import { running } from '../http/support/running.js';
import type { Json } from '../support/api.js';
import { quick, register, settled } from './support/hooks.js';
import { type Receiver, startReceiver } from './support/receiver.js';

const program = running({ ...quick, WEBHOOK_ALLOW_PRIVATE: 'false' });
const ann = program.as('ann');
let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(() => receiver.close());

it.each(['http://127.0.0.1:1/', 'http://[::1]/', 'http://0x7f000001/', 'http://192.168.0.1/'])(
  'registers no address of this machine or network: %s',
  async (url) => {
    const refused = await ann.post('/v1/webhooks', { url, topics: ['chat.*'] });
    const { errors } = expectProblem(refused, 'bad-request', 400);
    expect(errors).toEqual([{ path: 'url', message: 'may not be a private address' }]);
  },
);

it('connects to no name that leads to one', async () => {
  const webhook = await register(ann, receiver.at('/inside').replace('127.0.0.1', 'localhost'));
  await createSession(ann);
  const [parked] = await settled(ann, webhook, 'parked');
  expect(parked!.attempts.map(({ error }: Json) => error)).toEqual(
    Array(3).fill('localhost leads to no public address'),
  );
  expect(receiver.calls).toEqual([]);
});

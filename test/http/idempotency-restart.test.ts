import { describe, expect, it } from '@jest/globals';
import type { Reply, Written } from './support/api.js';
import { createSession, eventsOf } from './support/making.js';
import { running } from './support/running.js';

const server = running();
const ann = server.as('ann');

describe('Idempotency-Keys', () => {
  it('are kept over a restart and over a crash, answers included', async () => {
    const { id, stream } = await createSession(ann);
    const headers = { 'Idempotency-Key': 'before' };
    const path = `/v1/sessions/${id}/messages`;
    const send = () => ann.post(path, { role: 'user', content: 'once' }, headers);
    const first = await send();
    for (const again of [server.restart, server.crash]) {
      await again();
      const reply = await send();
      expect([reply.status, reply.text]).toEqual([201, first.text]);
      expect(reply.headers.get('idempotent-replayed')).toBe('true');
    }
    expect(await eventsOf(ann, stream)).toHaveLength(2);
  });

  it('make one message of a request that a crash cut off, however often it is repeated', async () => {
    const { id, stream } = await createSession(ann);
    const path = `/v1/sessions/${id}/messages`;
    const send = (n: number): Promise<Reply<Written> | undefined> =>
      ann
        .post(path, { role: 'user', content: `message ${n}` }, { 'Idempotency-Key': `cut ${n}` })
        .catch(() => undefined);
    const numbers = Array.from({ length: 40 }, (_, n) => n);
    const underWay = Promise.all(numbers.map(send));
    await Promise.race([send(40), underWay]);
    await server.crash();
    const before = await underWay;
    for (const round of [1, 2]) {
      const replies = await Promise.all(numbers.map(send));
      expect({ round, statuses: new Set(replies.map((reply) => reply?.status)) }).toEqual({
        round,
        statuses: new Set([201]),
      });
      for (const [n, reply] of replies.entries())
        if (before[n]) expect(reply?.text).toBe(before[n]?.text);
    }
    const posted = (await eventsOf(ann, stream)).slice(1).map(({ data }) => data.content);
    expect(new Set(posted).size).toBe(posted.length);
    expect(posted).toEqual(expect.arrayContaining(numbers.map((n) => `message ${n}`)));
  });
});

import { describe, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import { expectProblem } from '../http/support/expect-problem.js';
import { bodyOf, eventsOf } from '../http/support/making.js';
import { sharing } from '../http/support/running.js';
import { type Claimed, claim, complete, submit, submitMany } from './support/tasks.js';

const program = sharing();
const ann = program.as('ann');

const queueOf = (): string => `mail-${newId()}`;

describe('completing a task', () => {
  it('answers with the next tasks when asked, for the same worker and as long', async () => {
    const queue = queueOf();
    const ids = await submitMany(ann, queue, 4);
    const [first] = await claim(ann, queue, { workerId: 'w-7', leaseSeconds: 77 });
    const answer = await complete(ann, first!, { claim: { queue, max: 2 } });
    expect(answer).toMatchObject({ id: first!.id, revision: 2 });
    const next = answer.claimed!.items;
    expect(next).toHaveLength(2);
    const known = [first!.id, ...next.map(({ id }) => id)];
    expect(new Set(known).size).toBe(3);
    expect(ids).toEqual(expect.arrayContaining(known));
    const claimed = (await eventsOf(ann, `task-${next[0]!.id}`))[1]!;
    expect(claimed.data).toMatchObject({ workerId: 'w-7', leaseSeconds: 77 });
    expect(await complete(ann, next[0]!)).not.toHaveProperty('claimed');
  });

  it('takes another worker and lease for the next tasks', async () => {
    const queue = queueOf();
    await submitMany(ann, queue, 2);
    const [first] = await claim(ann, queue);
    const asked = { queue: `${queue}*`, workerId: 'w-8', leaseSeconds: 8 };
    const { claimed } = await complete(ann, first!, { claim: asked });
    const [next] = claimed!.items;
    const event = (await eventsOf(ann, `task-${next!.id}`))[1]!;
    expect(event.data).toMatchObject({ workerId: 'w-8', leaseSeconds: 8 });
  });

  it('does not wait for tasks where there are none', async () => {
    const queue = queueOf();
    await submit(ann, queue);
    const [only] = await claim(ann, queue);
    const { claimed } = await complete(ann, only!, { claim: { queue } });
    expect(claimed).toEqual({ items: [] });
  });

  it('hands nothing out to who has lost the lease', async () => {
    const queue = queueOf();
    await submitMany(ann, queue, 2);
    const [first] = await claim(ann, queue);
    const body = { leaseToken: 'another', claim: { queue } };
    expectProblem(await ann.post(`/v1/tasks/${first!.id}/complete`, body), 'lease-lost', 409);
    expect(await claim(ann, queue, { max: 9 })).toHaveLength(1);
  });

  it('of many answers with the next tasks once', async () => {
    const queue = queueOf();
    await submitMany(ann, queue, 10);
    const held = await claim(ann, queue, { max: 3, workerId: 'w-9' });
    const items = held.map(({ id, leaseToken }) => ({ id, leaseToken }));
    const answer = await bodyOf(
      ann.post<Readonly<{ items: readonly { status: number }[]; claimed: Claimed }>>(
        '/v1/tasks/complete',
        { items: [{ id: newId(), leaseToken: 'x' }, ...items], claim: { queue, max: 5 } },
      ),
    );
    expect(answer.items.map(({ status }) => status)).toEqual([404, 200, 200, 200]);
    expect(answer.claimed.items).toHaveLength(5);
    const [next] = answer.claimed.items;
    const event = (await eventsOf(ann, `task-${next!.id}`))[1]!;
    expect(event.data).toMatchObject({ workerId: 'w-9' });
  });
});

import { beforeAll, describe, expect, it } from '@jest/globals';
import { bodyOf, createSession, everyItem, forkOf, startExecution } from './support/making.js';
import { running } from './support/running.js';

const forkline = running();
const ann = forkline.as('ann');
const bob = forkline.as('bob');
const root = forkline.as();

type Item = Readonly<{ id: string; userId: string; status: string; expiresAt?: string }>;

let sessionId: string;
let executionId: string;
let after: string;
const ids: Record<string, string> = {};

const raise = async (name: string, as: typeof ann, fields: object) => {
  const written = await bodyOf(as.post('/v1/interrupts', { requestId: 'r-1', ...fields }));
  ids[name] = written.id;
  after = written.position;
  return written.id;
};

beforeAll(async () => {
  sessionId = (await createSession(ann)).id;
  executionId = (await startExecution(ann, { sessionId })).id;
  const bobs = (await createSession(bob)).id;
  await raise('bobs', bob, { kind: 'clarification', sessionId: bobs });
  await raise('asked', ann, { kind: 'clarification', sessionId });
  await raise('run', ann, { kind: 'confirmation', sessionId, executionId });
  await raise('other', ann, { kind: 'confirmation', sessionId, requestId: 'r-2' });
  const answered = await raise('answered', ann, { kind: 'clarification', sessionId });
  const path = `/v1/interrupts/${answered}/respond`;
  after = (await bodyOf(ann.post(path, { text: 'yes' }))).position;
});

const namesIn = async (as: typeof ann, query: string): Promise<readonly string[]> => {
  const items = await everyItem<Item>(as, `/v1/interrupts?limit=1&after=${after}${query}`);
  return items.map(({ id }) => Object.keys(ids).find((name) => ids[name] === id) ?? id);
};

describe('the list of interrupts', () => {
  it("has the caller's, the newest activity first, page by page", async () => {
    expect(await namesIn(ann, '')).toEqual(['answered', 'other', 'run', 'asked']);
    expect(await namesIn(bob, '')).toEqual(['bobs']);
    expect(await namesIn(root, '')).toEqual(['answered', 'other', 'run', 'asked', 'bobs']);
  });

  it('has those of a status, kind, session, request or execution', async () => {
    expect(await namesIn(ann, '&status=resolved')).toEqual(['answered']);
    expect(await namesIn(ann, '&status=pending')).toEqual(['other', 'run', 'asked']);
    expect(await namesIn(root, '&status=pending&kind=clarification')).toEqual(['asked', 'bobs']);
    expect(await namesIn(root, `&sessionId=${sessionId}&kind=confirmation`)).toEqual([
      'other',
      'run',
    ]);
    expect(await namesIn(ann, '&requestId=r-2')).toEqual(['other']);
    expect(await namesIn(ann, `&executionId=${executionId}`)).toEqual(['run']);
    expect(await namesIn(bob, `&sessionId=${sessionId}`)).toEqual([]);
  });

  it('refuses a status that is none', async () => {
    expect((await ann.get('/v1/interrupts?status=open')).status).toBe(400);
  });
});

describe('a fork of an interrupt', () => {
  it('is as open as the interrupt was there, with a deadline of its own', async () => {
    const fork = await forkOf(ann, `interrupt-${ids.answered}`, 0);
    const path = `/v1/interrupts/${fork.id}`;
    const forked = await bodyOf(ann.get<Item>(`${path}?after=${fork.position}`));
    expect(forked).toMatchObject({
      ...{ id: fork.id, status: 'pending', kind: 'clarification', revision: 1 },
      forkedFrom: { stream: `interrupt-${ids.answered}`, revision: 0 },
    });
    const original = await bodyOf(ann.get<Item>(`/v1/interrupts/${ids.answered}`));
    expect(Date.parse(String(forked.expiresAt))).toBeGreaterThan(
      Date.parse(String(original.expiresAt)),
    );
    const other = await bodyOf(ann.post(`${path}/respond`, { text: 'no' }));
    expect(await bodyOf(ann.get(`${path}?after=${other.position}`))).toMatchObject({
      ...{ status: 'resolved', response: { text: 'no' } },
    });
  });

  it('can begin with an answer of its own', async () => {
    const fork = await forkOf(ann, `interrupt-${ids.answered}`, 0, {
      amendments: [{ type: 'RespondToInterrupt', text: 'perhaps' }],
    });
    const path = `/v1/interrupts/${fork.id}?after=${fork.position}`;
    expect(await bodyOf(ann.get(path))).toMatchObject({
      ...{ status: 'resolved', response: { text: 'perhaps' }, respondedBy: 'ann' },
    });
  });
});

describe('deleting a session for good', () => {
  it('takes its interrupts along, forks of them too', async () => {
    const { id } = await createSession(ann);
    const interrupt = { kind: 'checkpoint', requestId: 'r', sessionId: id };
    const own = await bodyOf(ann.post('/v1/interrupts', interrupt));
    const fork = await forkOf(ann, own.stream, 0);
    const gone = await bodyOf(ann.delete(`/v1/sessions/${id}?hard=true`));
    for (const each of [own.id, fork.id]) {
      const path = `/v1/interrupts/${each}`;
      expect((await ann.get(`${path}?after=${gone.position}`)).status).toBe(404);
      expect((await ann.post(`${path}/respond`, {})).status).toBe(404);
    }
    const list = `/v1/interrupts?sessionId=${id}&after=${gone.position}`;
    expect((await ann.get(list)).body).toEqual({ items: [], next: null });
  });
});

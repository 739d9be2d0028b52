import { beforeAll, describe, expect, it } from '@jest/globals';
import type { MessageView } from '../../src/queries/messages.js';
import type { Page } from '../../src/queries/page.js';
import type { Written } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
import { bodyOf, createSession, everyItem, forkOf, later, postMessage } from './support/making.js';
import { sharing } from './support/running.js';

const server = sharing();
const ann = server.as('ann');

const list = (id: string, query: string): Promise<readonly MessageView[]> =>
  everyItem<MessageView>(ann, `/v1/sessions/${id}/messages?${query}`);

const contents = async (id: string, query: string) =>
  (await list(id, query)).map(({ content }) => content);

describe('a session of 1,200 messages', () => {
  const count = 1_200;
  let session: Written;
  let after = '0';
  /** By revision, less one. */
  const posted: string[] = [];

  beforeAll(async () => {
    session = await createSession(ann);
    for (let start = 0; start < count; start += 40)
      await Promise.all(
        Array.from({ length: 40 }, async (_, index) => {
          const content = `message ${start + index}`;
          const written = await postMessage(ann, session.id, content);
          posted[written.revision - 1] = content;
          after = later(after, written);
        }),
      );
  });

  it('gives each of them once, in order, whatever the size of a page', async () => {
    for (const limit of [137, 400, 500])
      expect(await contents(session.id, `limit=${limit}&after=${after}`)).toEqual(posted);
  });

  it('keeps the place while messages come in', async () => {
    const other = await forkOf(ann, session.stream, count);
    const path = `/v1/sessions/${other.id}/messages?limit=450`;
    let { position } = other;
    const seen: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Page<MessageView> = await bodyOf(
        ann.get<Page<MessageView>>(`${path}&after=${position}${cursor && `&cursor=${cursor}`}`),
      );
      seen.push(...page.items.map(({ content }) => content));
      cursor = page.next;
      if (seen.length < count) ({ position } = await postMessage(ann, other.id, 'meanwhile'));
    }
    expect(seen).toEqual([...posted, 'meanwhile', 'meanwhile']);
  });

  it('gives the list as of a revision, page by page', async () => {
    for (const at of [1, 500, 501, 1_199])
      expect(await contents(session.id, `at=${at}&limit=250&after=${after}`)).toEqual(
        posted.slice(0, at),
      );
  });

  it('gives the same through forks of forks, whose pages cross their borders', async () => {
    const one = await forkOf(ann, session.stream, 600);
    await postMessage(ann, one.id, 'in one');
    const two = await forkOf(ann, one.stream, 602);
    const { position } = await postMessage(ann, two.id, 'in two');
    const expected = [...posted.slice(0, 600), 'in one', 'in two'];
    for (const limit of [1 + 600 / 3, 500])
      expect(await contents(two.id, `limit=${limit}&after=${position}`)).toEqual(expected);
    const items = await list(two.id, 'limit=500');
    expect(items[599]?.origin).toEqual({ stream: session.stream, revision: 600 });
    expect(items[600]?.origin).toEqual({ stream: one.stream, revision: 602 });
    expect(items[601]).not.toHaveProperty('origin');
  });

  it('skips what was deleted, however much, without pages running short of what follows', async () => {
    const fork = await forkOf(ann, session.stream, count);
    const items = await list(session.id, `limit=500&after=${fork.position}`);
    for (const { id } of items.slice(10, 120))
      await bodyOf(ann.delete(`/v1/sessions/${fork.id}/messages/${id}`));
    const last = await postMessage(ann, fork.id, 'last');
    const kept = [...posted.slice(0, 10), ...posted.slice(120), 'last'];
    expect(await contents(fork.id, `limit=20&at=${last.revision}&after=${last.position}`)).toEqual(
      kept,
    );
    const page = await bodyOf(
      ann.get<Page<MessageView>>(`/v1/sessions/${fork.id}/messages?limit=30`),
    );
    expect(page.items).toHaveLength(30);
    const withDeleted = await list(fork.id, 'limit=500&includeDeleted=true');
    expect(withDeleted).toHaveLength(count + 1);
    expect(withDeleted.filter(({ deleted }) => deleted)).toHaveLength(110);
  });
});

describe('a list of messages', () => {
  it('is empty for a session without any', async () => {
    const { id, position } = await createSession(ann);
    expect(await list(id, `after=${position}`)).toEqual([]);
  });

  it('is refused for a revision that the session does not have', async () => {
    const { id, position } = await createSession(ann);
    const path = `/v1/sessions/${id}/messages`;
    expectProblem(await ann.get(`${path}?at=1&after=${position}`), 'revision-not-found', 404);
    const { position: later } = await postMessage(ann, id, 'one');
    expect(await contents(id, `at=1&after=${later}`)).toEqual(['one']);
  });
});

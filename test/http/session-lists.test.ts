import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from '../../src/queries/page.js';
import type { SessionView } from '../../src/queries/sessions.js';
import type { Api, Written } from './support/api.js';
import { bodyOf, createSession, everyItem, postMessage } from './support/making.js';
import { running } from './support/running.js';

const server = running();

const listed = async (api: Api, query: string): Promise<readonly string[]> =>
  (await everyItem<SessionView>(api, `/v1/sessions?${query}`)).map(({ title }) => title);

describe('lists of sessions', () => {
  const ann = server.as('ann');
  let after = '';

  beforeAll(async () => {
    const made: Record<string, Written> = {};
    for (const title of ['Plan a.*b', 'PLAN aXXb', 'Grüße', 'Archived plan', 'Deleted plan'])
      made[title] = await createSession(ann, { title });
    await createSession(server.as('bob'), { title: 'Plan of someone else' });
    const of = (title: string) => `/v1/sessions/${made[title]!.id}`;
    await bodyOf(ann.patch(of('Archived plan'), { archived: true }));
    await bodyOf(ann.delete(of('Deleted plan')));
    after = (await bodyOf(ann.post(`${of('Grüße')}/transitions`, { status: 'active' }))).position;
  });

  it('show the newest activity first, without archived and deleted sessions', async () => {
    expect(await listed(ann, `after=${after}`)).toEqual(['Grüße', 'PLAN aXXb', 'Plan a.*b']);
  });

  it('show archived and deleted sessions when asked to', async () => {
    expect(await listed(ann, `after=${after}&includeArchived=true&q=plan`)).toEqual([
      'Archived plan',
      'PLAN aXXb',
      'Plan a.*b',
    ]);
    expect(await listed(ann, `after=${after}&includeDeleted=true&q=ted`)).toEqual(['Deleted plan']);
    expect(
      await listed(ann, `after=${after}&includeDeleted=true&includeArchived=true&q=ed%20plan`),
    ).toEqual(['Deleted plan', 'Archived plan']);
  });

  it('are narrowed by status', async () => {
    expect(await listed(ann, `after=${after}&status=active`)).toEqual(['Grüße']);
    expect(await listed(ann, `after=${after}&status=failed`)).toEqual([]);
  });

  it('are narrowed by a piece of the title, upper and lower case alike', async () => {
    expect(await listed(ann, `after=${after}&q=plan%20A`)).toEqual(['PLAN aXXb', 'Plan a.*b']);
    expect(await listed(ann, `after=${after}&q=GR%C3%9C`)).toEqual(['Grüße']);
  });

  it('take a piece of the title for text, not for a pattern', async () => {
    expect(await listed(ann, `after=${after}&q=a.*b`)).toEqual(['Plan a.*b']);
    for (const q of ['%5B', '(', '%5C', '%24%5E', '%2B', '%7B1%7D'])
      expect(await listed(ann, `after=${after}&q=${q}`)).toEqual([]);
  });

  it('show administrators the sessions of all', async () => {
    expect(await listed(server.as(), `after=${after}&q=someone`)).toEqual(['Plan of someone else']);
  });
});

describe('paging through 120 sessions', () => {
  const cleo = server.as('cleo');
  const ids: string[] = [];

  beforeAll(async () => {
    for (let number = 0; number < 120; number += 1)
      ids.unshift((await createSession(cleo, { title: `Session ${number}` })).id);
  });

  it('shows each once and in order, whatever the size of a page', async () => {
    const { position } = await createSession(server.as('dan'));
    for (const limit of [1, 7, 50, 119, 120, 121, 500]) {
      const path = `/v1/sessions?limit=${limit}&after=${position}`;
      const seen = await everyItem<SessionView>(cleo, path);
      expect(seen.map(({ id }) => id)).toEqual(ids);
    }
  });

  it('has 50 on a page by default', async () => {
    const { items, next } = await bodyOf(cleo.get<Page<SessionView>>('/v1/sessions'));
    expect(items).toHaveLength(50);
    expect(next).toEqual(expect.any(String));
  });

  it('keeps its place while sessions move to the front', async () => {
    const seen: string[] = [];
    const moved = new Set<string>();
    let cursor: string | null = '';
    let after = '0';
    while (cursor !== null) {
      const page: Page<SessionView> = await bodyOf(
        cleo.get<Page<SessionView>>(
          `/v1/sessions?limit=20&after=${after}${cursor && `&cursor=${cursor}`}`,
        ),
      );
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.next;
      // One that was shown, one that was not, and a new one.
      for (const id of [seen.at(-1)!, ids[Math.min(ids.length - 1, seen.length + 3)]!]) {
        moved.add(id);
        await postMessage(cleo, id, 'activity');
      }
      after = (await createSession(cleo, { title: 'New' })).position;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.filter((id) => !moved.has(id))).toEqual(ids.filter((id) => !moved.has(id)));
  });
});

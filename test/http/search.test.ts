import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from '../../src/queries/page.js';
import type { MessageHit } from '../../src/queries/search.js';
import type { Api, Written } from './support/api.js';
import { bodyOf, createSession, everyItem, forkOf, postMessage } from './support/making.js';
import { running } from './support/running.js';

const server = running();
const ann = server.as('ann');

const search = (api: Api, q: string, query = ''): Promise<readonly MessageHit[]> =>
  everyItem<MessageHit>(api, `/v1/messages/search?q=${encodeURIComponent(q)}&${query}`);

describe('searching messages', () => {
  const ids: Record<string, string> = {};
  const names = new Map<string, string>();
  let kitchen: Written;
  let garden: Written;
  let after = '';

  beforeAll(async () => {
    kitchen = await createSession(ann);
    garden = await createSession(ann);
    const post = async (name: string, session: Written, content: unknown) => {
      const posted = await postMessage(ann, session.id, content);
      ids[name] = posted.id;
      names.set(posted.id, name);
      after = posted.position;
    };
    await post('bread', kitchen, 'Knead the bread dough, then let the dough rest. Dough!');
    await post('soup', kitchen, 'Bread goes well with onion soup');
    await post('roses', garden, [{ type: 'text', text: 'Cut the roses' }, { text: 'in winter' }]);
    await post('onions', garden, 'Plant onion sets in spring; onion soup comes later');
    await postMessage(server.as('bob'), (await createSession(server.as('bob'))).id, 'bread thief');
  });

  const found = async (q: string, query = '') =>
    (await search(ann, q, `after=${after}&${query}`)).map(({ id }) => names.get(id)).sort();

  it('finds messages that have any of the words, whatever their case', async () => {
    expect(await found('BREAD')).toEqual(['bread', 'soup']);
    expect(await found('roses dough')).toEqual(['bread', 'roses']);
    expect(await found('doug')).toEqual([]);
  });

  it('finds a phrase in double quotes as it stands', async () => {
    expect(await found('"onion soup"')).toEqual(['onions', 'soup']);
    expect(await found('"soup onion"')).toEqual([]);
  });

  it('leaves out messages with a word after a minus', async () => {
    expect(await found('onion -bread')).toEqual(['onions']);
    expect(await found('bread -"onion soup"')).toEqual(['bread']);
  });

  it('looks into the texts of content in parts', async () => {
    expect(await found('winter')).toEqual(['roses']);
  });

  it('keeps to a session when one is named', async () => {
    expect(await found('onion', `sessionId=${garden.id}`)).toEqual(['onions']);
    expect(await found('roses', `sessionId=${kitchen.id}`)).toEqual([]);
  });

  it('gives the best match first, and says where each hit is', async () => {
    const hits = await search(ann, 'dough bread', `after=${after}`);
    expect(hits.map(({ id }) => names.get(id))).toEqual(['bread', 'soup']);
    expect(hits[0]!.score).toBeGreaterThan(hits[1]!.score);
    expect(hits[0]).toMatchObject({ sessionId: kitchen.id, role: 'user' });
  });

  it('marks what it found', async () => {
    const [hit] = await search(ann, '"Cut the" winter', `after=${after}`);
    expect(hit!.highlights).toEqual(['<em>Cut</em> <em>the</em> roses\nin <em>winter</em>']);
  });

  it('pages through hits without losing or repeating one', async () => {
    const session = await createSession(ann);
    for (let number = 0; number < 25; number += 1)
      ({ position: after } = await postMessage(ann, session.id, `zebra ${number}`));
    const hits = await search(ann, 'zebra', `limit=4&after=${after}`);
    expect(new Set(hits.map(({ id }) => id)).size).toBe(25);
    expect(hits).toHaveLength(25);
  });

  it("gives only the caller's own messages, and administrators those of all", async () => {
    expect(await found('thief')).toEqual([]);
    expect(await search(server.as('carl'), 'bread', `after=${after}`)).toEqual([]);
    expect(await search(server.as('bob'), 'bread', `sessionId=${kitchen.id}`)).toEqual([]);
    expect(await search(server.as(), 'thief', `after=${after}`)).toHaveLength(1);
  });

  it('finds nothing for what has no words', async () => {
    for (const q of ['-', '"', '""', '-bread', '!?', '"-"'])
      expect(await search(ann, q, `after=${after}`)).toEqual([]);
  });
});

describe('what search follows', () => {
  it('an edit: the new text is found, the old one is not', async () => {
    const { id } = await createSession(ann);
    const message = await postMessage(ann, id, 'quagga');
    const path = `/v1/sessions/${id}/messages/${message.id}`;
    const { position } = await bodyOf(ann.patch(path, { content: 'okapi' }));
    expect(await search(ann, 'quagga', `after=${position}`)).toEqual([]);
    expect(await search(ann, 'okapi')).toMatchObject([{ id: message.id, role: 'user' }]);
  });

  it('the deletion of a message, and of its session until that is restored', async () => {
    const { id } = await createSession(ann);
    const gone = await postMessage(ann, id, 'aardvark one');
    const kept = await postMessage(ann, id, 'aardvark two');
    await bodyOf(ann.delete(`/v1/sessions/${id}/messages/${gone.id}`));
    const deleted = await bodyOf(ann.delete(`/v1/sessions/${id}`));
    expect(await search(ann, 'aardvark', `after=${deleted.position}`)).toEqual([]);
    const restored = await bodyOf(ann.post(`/v1/sessions/${id}/restore`));
    expect(await search(ann, 'aardvark', `after=${restored.position}`)).toMatchObject([
      { id: kept.id },
    ]);
  });

  it('a fork: inherited messages are found in it as it has them, and elsewhere once', async () => {
    const parent = await createSession(ann);
    const kept = await postMessage(ann, parent.id, 'pangolin kept', { role: 'assistant' });
    const edited = await postMessage(ann, parent.id, 'pangolin edited');
    const deleted = await postMessage(ann, parent.id, 'pangolin deleted');
    const fork = await forkOf(ann, parent.stream, 3);
    await postMessage(ann, parent.id, 'pangolin after the fork');
    const inFork = `/v1/sessions/${fork.id}/messages`;
    await bodyOf(ann.patch(`${inFork}/${edited.id}`, { content: 'pangolin changed' }));
    await bodyOf(ann.delete(`${inFork}/${deleted.id}`));
    const own = await postMessage(ann, fork.id, 'pangolin own');
    const hits = await search(
      ann,
      'pangolin',
      `sessionId=${fork.id}&limit=2&after=${own.position}`,
    );
    expect(new Set(hits.map(({ id }) => id))).toEqual(new Set([kept.id, edited.id, own.id]));
    expect(hits).toHaveLength(3);
    expect(hits.find(({ id }) => id === edited.id)).toMatchObject({
      role: 'user',
      createdAt: expect.stringMatching(/Z$/),
      highlights: ['<em>pangolin</em> changed'],
    });
    const changed = await search(ann, 'changed');
    expect(changed).toMatchObject([{ id: edited.id, sessionId: fork.id, role: 'user' }]);
    expect(await search(ann, 'pangolin')).toHaveLength(6);
  });
});

describe('highlights', () => {
  it('are safe to show as HTML, whatever the text and the words', async () => {
    const { id } = await createSession(ann);
    const text = 'if a < b && b > c then <b>amp</b> & lt;';
    const { position } = await postMessage(ann, id, text);
    const { items } = await bodyOf(
      ann.get<Page<MessageHit>>(
        `/v1/messages/search?q=${encodeURIComponent('amp lt gt b')}&sessionId=${id}&after=${position}`,
      ),
    );
    expect(items[0]!.highlights).toEqual([
      'if a &lt; <em>b</em> &amp;&amp; <em>b</em> &gt; c then ' +
        '&lt;<em>b</em>&gt;<em>amp</em>&lt;/<em>b</em>&gt; &amp; <em>lt</em>;',
    ]);
  });

  it('mark words whatever their accents, and never half a character', async () => {
    const { id } = await createSession(ann);
    const content = `${'🚀'.repeat(40)} Crème brûlée, cre\u0300me${'🚀'.repeat(40)}!`;
    const { position } = await postMessage(ann, id, content);
    const [hit] = await search(ann, 'creme', `sessionId=${id}&after=${position}`);
    const shown = hit!.highlights.join('');
    expect(shown).toContain('<em>Crème</em> brûlée, <em>cre\u0300me</em>');
    expect(Buffer.from(shown).toString()).toBe(shown);
  });

  it('are three at most, each with the words around', async () => {
    const { id } = await createSession(ann);
    const gap = 'x '.repeat(100);
    const content = `narwhal ${gap}narwhal ${gap}narwhal ${gap}narwhal`;
    const { position } = await postMessage(ann, id, content);
    const [hit] = await search(ann, 'narwhal', `after=${position}`);
    expect(hit!.highlights).toHaveLength(3);
    for (const piece of hit!.highlights) {
      expect(piece).toContain('<em>narwhal</em>');
      expect(piece.length).toBeLessThan(200);
    }
  });
});

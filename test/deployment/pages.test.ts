import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { projections } from '../../projections/index.js';
import { kindsWith } from '../../src/domain/interrupt-kinds.js';
import { pages, pagesIn, pathOf, textOf, tutorial } from './repository.js';

/** What a page says outside of examples. */
const proseOf = (page: string): string => textOf(page).replace(/^```.*?^```/gms, '');

/** The rows of the tables of a page, cell by cell. */
const rowsOf = (page: string): readonly (readonly string[])[] =>
  [...proseOf(page).matchAll(/^\| (.+) \|$/gm)].map(([, row = '']) => row.split(' | '));

/** The anchors of a page's headings, as GitHub makes them. */
const anchorsOf = (page: string): readonly string[] =>
  [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .replace(/&\w+;/g, '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );

const isDead = (page: string, link: string): boolean => {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? page : join(dirname(page), file);
  if (!existsSync(pathOf(target))) return true;
  return anchor !== undefined && !anchorsOf(target).includes(anchor);
};

describe('the documentation', () => {
  it('has no link that leads nowhere', () => {
    const dead = pages.flatMap((page) =>
      [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, link = '']) => link)
        .filter((link) => !/^[a-z]+:/.test(link) && isDead(page, link))
        .map((link) => `${page}: ${link}`),
    );
    expect(dead).toEqual([]);
  });

  it('names no file of the sources that is not there, and runs none', () => {
    const named = /`((?:src|projections|test)\/[\w./-]+)\.ts`/g;
    const run = /\bnode dist\/([\w./-]+)\.js/g;
    const missing = pages
      .filter((page) => page !== tutorial)
      .flatMap((page) =>
        [...textOf(page).matchAll(named), ...textOf(page).matchAll(run)]
          .filter(([, file]) => !existsSync(pathOf(`${file}.ts`)))
          .map(([, file]) => `${page}: ${file}`),
      );
    expect(missing).toEqual([]);
  });

  it('lists each decision by number and title', () => {
    const listed = rowsOf('docs/adr/README.md').flatMap(([link = '', title]) => {
      const [, number, file] = /^\[(\d+)\]\((.+)\)$/.exec(link) ?? [];
      return file ? [`${file}: # ${number}. ${title}`] : [];
    });
    const decisions = pagesIn('docs/adr').filter((page) => !page.endsWith('README.md'));
    const titled = decisions.map((page) => {
      const [heading] = textOf(page).split('\n');
      return `${page.slice('docs/adr/'.length)}: ${heading}`;
    });
    expect(listed).toEqual(titled.sort());
  });

  it('lists every read model, and no other', () => {
    const [, table = ''] = textOf('docs/read-models.md').split('| model |');
    const listed = [...(table.split('\n\n')[0] ?? '').matchAll(/^\| `(\w+)`/gm)];
    const names = projections.map(({ name }) => name);
    expect(listed.map(([, name]) => name).sort()).toEqual(names.sort());
  });

  it('says what each kind of interrupt is like', () => {
    const seconds: Readonly<Record<string, number>> = { h: 3_600, min: 60 };
    const told = rowsOf('docs/interrupts.md').flatMap(
      ([kind, waits = '', takes, required, topic]) => {
        if (!topic?.startsWith('`interrupt.')) return [];
        const [, number, unit = ''] = /^(\d+) (\w+)$/.exec(waits) ?? [];
        const ttl = number === undefined ? null : Number(number) * (seconds[unit] ?? Number.NaN);
        return [[kind, ttl, takes, required, topic]];
      },
    );
    const kinds = Object.entries(kindsWith({})).map(([kind, settings]) => {
      const { ttlSeconds, responses, requiresResponse, topic } = settings;
      const takes = responses.length === 3 ? 'any' : responses.map((each) => `\`${each}\``).join();
      return [`\`${kind}\``, ttlSeconds, takes, requiresResponse ? 'yes' : 'no', `\`${topic}\``];
    });
    expect(told).toEqual(kinds);
  });
});

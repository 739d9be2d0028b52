import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { kindsWith } from '../../src/domain/interrupt-kinds.js';
import { namedTopics } from '../../src/replay/event-view.js';

const page = readFileSync('docs/feed.md', 'utf8');

/** `chat.session.created` and `.deleted` of one row: what begins with a dot takes the place of the last part. */
const topicsIn = (cell: string): readonly string[] => {
  const names = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
  const [first = ''] = names;
  const stem = first.slice(0, first.lastIndexOf('.'));
  return names.map((name) => (name.startsWith('.') ? stem + name : name));
};

it('the page of the feed lists the topics that there are, and no others', () => {
  const [, section = ''] = page.split('### Topics');
  const cells = [...(section.split('###')[0] ?? '').matchAll(/^\| (`.*?) \| /gm)];
  const listed = cells.flatMap(([, cell = '']) => topicsIn(cell));
  const raised = Object.values(kindsWith({})).map(({ topic }) => topic);
  expect([...listed].sort()).toEqual([...namedTopics, ...raised].sort());
});

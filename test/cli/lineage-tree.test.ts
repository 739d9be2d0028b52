import { describe, expect, it } from '@jest/globals';
import { lineageTree } from '../../src/cli/lineage-tree.js';
import { plain } from '../../src/cli/terminal.js';
import type { ForkNode } from '../../src/client/client.js';

const node = (stream: string, at: number, ...forks: readonly ForkNode[]): ForkNode => ({
  ...{ stream, at, forks, revision: at + 2, ownEvents: 2 },
  createdAt: '2026-01-02T03:04:05.678Z',
});

const pipe = { paint: plain, width: undefined };

const drawn = (tree: ForkNode, asked = ''): readonly string[] => {
  const { at: _, ...root } = tree;
  return lineageTree(root, asked, pipe).map((line) => line.replace(/ {2}head .*?UTC/, ''));
};

describe('a family of streams', () => {
  it('is drawn as a tree, forks in the order of their revisions', () => {
    const family = node(
      'session-a',
      0,
      node('session-d', 9),
      node('session-b', 3, node('session-c', 5), node('session-e', 7, node('session-f', 8))),
    );
    expect(drawn(family, 'session-c')).toEqual([
      'session-a',
      '├─ @3 session-b',
      '│  ├─ @5 session-c  ← asked for',
      '│  └─ @7 session-e',
      '│     └─ @8 session-f',
      '└─ @9 session-d',
    ]);
  });

  it('says how far each stream has come, and how much of it is its own', () => {
    const { at: _, ...root } = node('session-a', 0, node('session-b', 1));
    expect(lineageTree(root, '', pipe)).toEqual([
      'session-a  head 2, 2 events, 2026-01-02 03:04:05.678 UTC',
      '└─ @1 session-b  head 3, 2 events of its own, 2026-01-02 03:04:05.678 UTC',
    ]);
  });

  it('says where a fork was detached from', () => {
    const detached = {
      ...node('session-b', 0),
      detachedFrom: { stream: 'session-a', revision: 4 },
    };
    const [line] = lineageTree(detached, 'session-b', pipe);
    expect(line).toContain('2 events of its own, detached from session-a@4, 2026-01-02');
  });

  it('says as much as a narrow screen has room for, and names streams in full on any', () => {
    const { at: _, ...root } = node('session-a', 0, node('session-b', 1));
    const drawnAt = (width: number) => lineageTree(root, 'session-b', { paint: plain, width });
    expect(drawnAt(60)).toEqual([
      'session-a  head 2, 2 events, 2026-01-02 03:04:05.678 UTC',
      '└─ @1 session-b  head 3, 2 events of its own  ← asked for',
    ]);
    expect(drawnAt(40)).toEqual([
      'session-a  head 2, 2 events',
      '└─ @1 session-b  head 3  ← asked for',
    ]);
    expect(drawnAt(10)).toEqual(['session-a', '└─ @1 session-b  ← asked for']);
  });

  it('may be as deep as it likes', () => {
    let chain = node('session-5000', 5000);
    for (let n = 4999; n >= 0; n--) chain = node(`session-${n}`, n, chain);
    expect(drawn(chain)).toHaveLength(5001);
  });
});

import { expect, it } from '@jest/globals';
import { diffLines } from '../../src/cli/diff-lines.js';
import { plain } from '../../src/cli/terminal.js';
import type { StreamComparison } from '../../src/client/client.js';

const id = 'deadbeef-0000-7000-8000-000000000001';

const tail = (stream: string) => ({ stream, revision: 4, ownEvents: 0, events: [], more: null });

const comparison: StreamComparison = {
  ...{ common: { stream: 'session-a', revision: 4 }, truncated: false },
  ...{ a: tail('session-a'), b: tail('session-b') },
  changes: [
    { op: 'replace', path: '/title', value: 'the one that came after' },
    {
      op: 'add',
      path: `/messages/${id}`,
      value: { role: 'user', content: 'Which flights are there?' },
    },
  ],
};

const differencesAt = (width?: number): readonly string[] => {
  const context = {
    stepsA: [],
    stepsB: [],
    stateA: { title: 'the title that it had to begin with' },
  };
  const lines = diffLines(comparison, context, { paint: plain, width });
  return lines.slice(lines.findIndex((line) => line.startsWith('WHAT DIFFERS')));
};

it('shows what differs within the width of a screen, and all of it elsewhere', () => {
  expect(differencesAt(80)).toEqual([
    'WHAT DIFFERS        IN A                        IN B',
    'title               "the title that it had to…  "the one that came after"',
    'messages.deadbeef…  –                           user: Which flights are there?',
  ]);
  for (const line of differencesAt(60)) expect(line.length).toBeLessThanOrEqual(60);
  expect(differencesAt()).toEqual([
    expect.stringMatching(/^WHAT DIFFERS +IN A +IN B$/),
    expect.stringMatching(
      /^title +"the title that it had to begin with" {2}"the one that came after"$/,
    ),
    expect.stringMatching(new RegExp(`^messages\\.${id} +– +user: Which flights are there\\?$`)),
  ]);
});

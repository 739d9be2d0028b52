import { describe, expect, it } from '@jest/globals';
import { textOf } from './repository.js';

type Hunk = Readonly<{ file: string; place: string; before: string }>;

/** What the changes of docs/first-change.md find in place: kept and removed lines, hunk by hunk. */
const hunks = (): readonly Hunk[] => {
  const diffs = textOf('docs/first-change.md').matchAll(/```diff\n(.*?)```/gs);
  return [...diffs].flatMap(([, diff = '']) =>
    diff
      .split(/^--- .*\n\+\+\+ b\//m)
      .slice(1)
      .flatMap((part) => {
        const [file = '', ...rest] = part.split(/^(?=@@)/m);
        return rest.map((hunk): Hunk => {
          const [place = '', ...lines] = hunk.trimEnd().split('\n');
          const kept = lines.filter((line) => !line.startsWith('+'));
          return { file: file.trim(), place, before: kept.map((line) => line.slice(1)).join('\n') };
        });
      }),
  );
};

describe('the changes of the first-change page', () => {
  it.each(hunks().map((hunk) => [`${hunk.file} ${hunk.place}`, hunk] as const))(
    'fit what is there: %s',
    (_, { file, before }) => {
      expect(before).not.toBe('');
      expect(`\n${textOf(file)}\n`).toContain(`\n${before}\n`);
    },
  );

  it('are all found on the page', () => {
    expect(hunks().length).toBeGreaterThan(25);
  });
});

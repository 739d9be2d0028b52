import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { Problem, problemCodes, statusOf } from '../../src/http/problem.js';

const page = new URL('../../../docs/errors.md', import.meta.url);
const row = /^\| (\d{3}) \| `([a-z-]+)` \| (.+) \| .+ \|$/;

describe('the page of refusals', () => {
  it('says of every code its status, what it means and what to do', async () => {
    const rows = (await readFile(page, 'utf8')).split('\n').flatMap((line) => {
      const [, ...cells] = row.exec(line) ?? [];
      return cells.length > 0 ? [cells] : [];
    });
    const table = problemCodes.map((code) => [`${statusOf(code)}`, code, new Problem(code).title]);
    expect(rows).toEqual(table.sort());
  });
});

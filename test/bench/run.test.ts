import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const script = fileURLToPath(new URL('./run.js', import.meta.url));
let folder: string;
let printed = '';
let code: unknown;

describe('the run of all comparisons', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'forkline-test-'));
    const args = ['--quick', '--only', 'feed', '--out', join(folder, 'results')];
    const child = spawn(process.execPath, [script, ...args], {
      env: { ...process.env, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.on('data', (chunk) => {
      printed += chunk;
    });
    [code] = await once(child, 'exit');
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('ends well', () => expect(code).toBe(0));

  it('leaves the figures of the comparison', async () => {
    const results = JSON.parse(await readFile(join(folder, 'results', 'results.json'), 'utf8'));
    expect(results).toMatchObject({
      ...{ size: 'quick', machine: { cores: expect.any(Number), node: process.versions.node } },
      comparisons: [{ name: 'feed', failed: [] }],
    });
    const [{ findings }] = results.comparisons;
    expect(findings.tables[0].rows[0][1]).toBeGreaterThan(0);
  });

  it('leaves a chart', async () => {
    const chart = await readFile(join(folder, 'results', 'feed.svg'), 'utf8');
    expect(chart).toMatch(/^<svg .*<rect .*<\/svg>\n$/s);
  });

  it('prints a table', () => expect(printed).toMatch(/^\| +feed: .* 10 clients.*\|$/m));

  it('leaves nothing else behind', async () => expect(await readdir(folder)).toEqual(['results']));
});

it('says what is wrong with what it was asked for, and measures nothing', () => {
  const { status, stderr } = spawnSync(process.execPath, [script, '--only', 'nothing'], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({
    ...{ status: 2, stderr: expect.stringMatching(/'nothing' is invalid.*feed/) },
  });
});

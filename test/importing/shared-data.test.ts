import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readRuns } from '../../src/importing/read-runs.js';
import type { Format, RecordedRun } from '../../src/importing/recorded-run.js';
import { sharedData } from './reading.js';

const mib = 1024 * 1024;

const recordingsIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(traj|json)(\.gz)?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

const runsIn = async (folder: Format): Promise<readonly RecordedRun[]> => {
  const runs: RecordedRun[] = [];
  for (const file of recordingsIn(join(sharedData ?? '', folder)))
    for await (const entry of readRuns(createReadStream(file), { name: file })) {
      if (!('run' in entry)) throw new Error(`${file}: ${entry.unreadable}`);
      runs.push(entry.run);
    }
  return runs;
};

const count = <T>(items: readonly T[], key: (item: T) => string): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1;
  return counts;
};

const expectWellFormed = (runs: readonly RecordedRun[], format: Format): void => {
  for (const run of runs) {
    expect(run.format).toBe(format);
    expect(run.key).toMatch(/^[0-9a-f]{64}$/);
    expect(run.title.length).toBeGreaterThan(0);
    let before = 0;
    for (const [index, step] of run.steps.entries()) {
      expect(step.stageOrder).toBe(index + 1);
      expect(step.afterMessages).toBeGreaterThanOrEqual(before);
      before = step.afterMessages;
      expect(JSON.stringify(step).length).toBeLessThan(32 * 1024);
    }
    expect(before).toBeLessThanOrEqual(run.messages.length);
    for (const message of run.messages)
      expect(Buffer.byteLength(JSON.stringify(message))).toBeLessThan(mib / 8);
    expect(Buffer.byteLength(JSON.stringify(run.metadata))).toBeLessThan(64 * 1024);
  }
  expect(new Set(runs.map(({ key }) => key)).size).toBe(runs.length);
};

const totals = (runs: readonly RecordedRun[]) => ({
  runs: runs.length,
  steps: runs.reduce((sum, { steps }) => sum + steps.length, 0),
  messages: runs.reduce((sum, { messages }) => sum + messages.length, 0),
});

const recordedRoles = (runs: readonly RecordedRun[]) =>
  count(
    runs.flatMap(({ messages }) => messages),
    ({ role, metadata }) => String(metadata.recordedRole ?? role),
  );

const withData = sharedData === undefined ? describe.skip : describe;
const where = sharedData === undefined ? ' (skipped: there is no ../shared/data)' : '';

withData(`the recorded runs of real agents${where}`, () => {
  it('gives 16 runs, 152 steps and 331 messages of SWE-agent', async () => {
    const runs = await runsIn('swe-agent');

    expectWellFormed(runs, 'swe-agent');
    expect(totals(runs)).toEqual({ runs: 16, steps: 152, messages: 331 });
    expect(recordedRoles(runs)).toEqual({ assistant: 155, user: 129, tool: 31, system: 16 });
    expect(count(runs, ({ outcome }) => outcome.status)).toEqual({ completed: 15, running: 1 });
    const longest = runs.find(({ messages }) => messages.length === 37);
    expect(longest?.steps).toHaveLength(18);
  });

  it('gives 42 runs, 4,058 steps and 8,206 messages of mini-swe-agent', async () => {
    const runs = await runsIn('mini-swe-agent');

    expectWellFormed(runs, 'mini-swe-agent');
    expect(totals(runs)).toEqual({ runs: 42, steps: 4058, messages: 8206 });
    expect(recordedRoles(runs)).toEqual({
      assistant: 4058,
      tool: 4021,
      user: 43,
      system: 42,
      exit: 42,
    });
    const exitStatus = ({ outcome }: RecordedRun) =>
      'output' in outcome ? `${outcome.status} ${outcome.output?.exitStatus}` : outcome.status;
    expect(count(runs, exitStatus)).toEqual({
      'completed Submitted': 37,
      'failed InternalServerError': 4,
      'failed Timeout': 1,
    });
    for (const { steps, outcome } of runs) {
      const stats = 'output' in outcome ? outcome.output?.modelStats : undefined;
      const { instance_cost: cost } = stats as { instance_cost: number };
      expect(steps.at(-1)?.state.cost ?? 0).toBeCloseTo(cost, 9);
    }
  });

  it('gives 213 runs, 2,872 steps and 6,170 messages of tau-bench', async () => {
    const runs = await runsIn('tau-bench');

    expectWellFormed(runs, 'tau-bench');
    expect(totals(runs)).toEqual({ runs: 213, steps: 2872, messages: 6170 });
    expect(recordedRoles(runs)).toEqual({ assistant: 2872, user: 1670, tool: 1415, system: 213 });
    const reward = ({ outcome }: RecordedRun) => {
      const value = outcome.status === 'completed' ? outcome.output.reward : undefined;
      return value === 0 || value === 1 ? `reward ${value}` : 'between';
    };
    expect(count(runs, reward)).toEqual({ 'reward 0': 99, 'reward 1': 60, between: 54 });
  });
});

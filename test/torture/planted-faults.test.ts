import { describe, expect, it } from '@jest/globals';
import { checkRecorded } from './check.js';
import { checkInterrupts } from './checks/interrupts.js';
import { plantedInStreams } from './support/planted-in-streams.js';
import { plantedInWork } from './support/planted-in-work.js';
import { type Breakable, recordedOf, recordedRun } from './support/recorded-run.js';

/** What the checks find broken in a run, after something in it was. */
const brokenAfter = (breaks: (run: Breakable) => void): readonly string[] => {
  const run = recordedRun();
  breaks(run);
  return checkRecorded(recordedOf(run))
    .filter(({ violations }) => violations.length > 0)
    .map(({ check }) => check);
};

const planted = [...plantedInStreams, ...plantedInWork];

describe('the checks', () => {
  it('find nothing in a run in which everything went well, and have looked at something each', () => {
    const findings = checkRecorded(recordedOf(recordedRun()));
    expect(findings.filter(({ violations }) => violations.length > 0)).toEqual([]);
    expect(findings.filter(({ looked }) => looked === 0)).toEqual([]);
  });

  it('find nothing in a run of more events than a call takes arguments either', () => {
    const run = recordedOf(recordedRun());
    const { events } = run.history;
    const [first] = events;
    const many = Array.from({ length: 200_000 }, () => first!);
    const history = { ...run.history, events: [...many, ...events] };
    expect(checkInterrupts(history).filter(({ violations }) => violations.length > 0)).toEqual([]);
  });

  it.each(planted)('find it when %s', (_, check, breaks) => {
    expect(brokenAfter(breaks)).toContain(check);
  });

  it('each find at least one of the faults that are planted here', () => {
    const checks = checkRecorded(recordedOf(recordedRun())).map(({ check }) => check);
    expect(new Set(planted.map(([, check]) => check))).toEqual(new Set(checks));
  });
});

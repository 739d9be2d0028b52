import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { parse } from 'yaml';
import { startTelemetry } from '../../src/telemetry/telemetry.js';
import { type Family, parseExposition } from './support/exposition.js';

let families: ReadonlyMap<string, Family>;
beforeAll(async () => {
  const telemetry = startTelemetry(pino({ level: 'silent' }), '1.2.3');
  telemetry.requests(() => {});
  const none = { status: () => [] };
  const read = { toArray: async () => [] };
  telemetry.observe({
    ...{ runner: none, reactions: none, serving: { collectionOf: () => '' } },
    // Only what is asked for these figures.
    collections: { queues: { aggregate: () => read } } as never,
    told: Promise.resolve({ position: () => 7 }),
  });
  families = parseExposition((await telemetry.page()).text);
  telemetry.stop();
});

const own = (): readonly Family[] =>
  [...families.values()].filter(({ name }) => name.startsWith('forkline_'));

/** Labels whose values come from the code, or are bounded in another way that the page says. */
const labelNames = [
  ...[
    'command',
    'figures',
    'kind',
    'le',
    'limit',
    'method',
    'name',
    'operation',
    'outcome',
    'projection',
  ],
  ...['queue', 'reaction', 'route', 'status', 'transport', 'version'],
];

describe('the metrics', () => {
  it('are many, and those of Node are among them', () => {
    expect(own().length).toBeGreaterThan(25);
    for (const name of ['nodejs_eventloop_lag_seconds', 'nodejs_heap_size_used_bytes'])
      expect(families.has(name)).toBe(true);
    expect(families.has('nodejs_gc_duration_seconds')).toBe(true);
  });

  it('have names as Prometheus wants them: base units, and _total for counters alone', () => {
    for (const { name, type } of own()) {
      expect(name).toMatch(/^forkline_[a-z]+(_[a-z]+)*$/);
      expect({ name, total: name.endsWith('_total') }).toEqual({ name, total: type === 'counter' });
      if (type === 'histogram') expect(name).toMatch(/_seconds$/);
      expect(name).not.toMatch(/_(ms|milliseconds|kilobytes|count|sum|bucket)$/);
    }
  });

  it('say what they are, in a sentence that is no other', () => {
    const helps = own().map(({ help }) => help);
    for (const help of helps) expect(help).toMatch(/^[A-Z0-9].{15,}\.$/);
    expect(new Set(helps).size).toBe(helps.length);
  });

  it('have only labels that are known to be bounded', () => {
    for (const { samples } of own())
      for (const { labels } of samples)
        for (const name of Object.keys(labels)) expect(labelNames).toContain(name);
  });

  it('are each in the documentation, with type, labels and help, and no others are', () => {
    const page = readFileSync('docs/metrics.md', 'utf8');
    const rows = [...page.matchAll(/^\| `(forkline_\w+)` \| (\w+) \| (.*?) \| (.*) \|$/gm)];
    const documented = rows.map(([, name, type, , help]) => ({ name, type, help }));
    const exposed = own().map(({ name, type, help }) => ({ name, type, help }));
    const byName = (a: { name?: string | undefined }, b: { name?: string | undefined }) =>
      String(a.name).localeCompare(String(b.name));
    expect(documented.sort(byName)).toEqual(exposed.sort(byName));
  });
});

describe('the alert rules and the dashboard', () => {
  it.each(['docs/alerts/forkline.rules.yml', 'docs/alerts/grafana-dashboard.json'])(
    'ask for metrics that there are: %s',
    (file) => {
      const named = readFileSync(file, 'utf8').match(/\b(forkline|nodejs)_\w+/g) ?? [];
      expect(named.length).toBeGreaterThan(8);
      for (const name of named)
        expect([...families.keys()]).toContain(name.replace(/_(bucket|sum|count)$/, ''));
    },
  );
});

describe('an alert', () => {
  it('has a name, a question, how bad it is and what it says', () => {
    const file = readFileSync('docs/alerts/forkline.rules.yml', 'utf8');
    const { groups } = parse(file) as {
      groups: readonly { rules: readonly Record<string, unknown>[] }[];
    };
    const rules = groups.flatMap((group) => group.rules);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const rule of rules)
      expect(rule).toMatchObject({
        ...{ alert: expect.stringMatching(/^Forkline[A-Z]\w+$/), expr: expect.any(String) },
        labels: { severity: expect.stringMatching(/^(page|ticket)$/) },
        annotations: { summary: expect.stringMatching(/./) },
      });
  });
});

describe('the reading of metrics in these tests', () => {
  it.each([
    ['a figure without a name', '1\n'],
    ['a figure nobody announced', 'a_total 1\n'],
    ['a label without quotes', '# TYPE a counter\na{b=c} 1\n'],
    ['a figure twice', '# TYPE a counter\na{b="c"} 1\na{b="c"} 2\n'],
    ['a metric announced twice', '# TYPE a counter\n# TYPE a counter\n'],
    ['no end of the last line', '# TYPE a counter\na 1'],
  ])('turns down %s', (_, text) => {
    expect(() => parseExposition(text)).toThrow();
  });
});

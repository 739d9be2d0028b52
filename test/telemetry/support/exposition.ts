/** A figure of a metric, as it is exposed. */
export type Sample = Readonly<{
  name: string;
  labels: Readonly<Record<string, string>>;
  value: number;
}>;

/** A metric with its figures. */
export type Family = Readonly<{
  name: string;
  help: string;
  type: string;
  samples: readonly Sample[];
}>;

const nameOf = '[a-zA-Z_:][a-zA-Z0-9_:]*';
// Prometheus reads numbers as Go does, to which NaN is that in any case.
const value = '[+-]?(?:\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?|Inf)|[Nn]a[Nn]';
const sampleLine = new RegExp(`^(${nameOf})(?:\\{(.*)\\})? (${value})$`);
const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/y;

/**
 * Reads the text format of Prometheus, version 0.0.4.
 *
 * @throws when a line is not of it, a figure belongs to no metric announced, or is there twice
 */
export const parseExposition = (text: string): ReadonlyMap<string, Family> => {
  if (!text.endsWith('\n')) throw new Error('the last line has to end');
  const families = new Map<string, Family & { samples: Sample[] }>();
  const seen = new Set<string>();
  const helps = new Map<string, string>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, kind, name = '', rest = ''] =
      new RegExp(`^# (HELP|TYPE) (${nameOf}) (.+)$`).exec(line) ?? [];
    if (kind === 'HELP') helps.set(name, rest);
    else if (kind === 'TYPE') {
      if (families.has(name)) throw new Error(`${name} is announced twice`);
      families.set(name, { name, help: helps.get(name) ?? '', type: rest, samples: [] });
    } else {
      const sample = sampleIn(line);
      const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
      if (seen.has(key)) throw new Error(`${line} is there twice`);
      seen.add(key);
      const family =
        families.get(sample.name) ?? families.get(sample.name.replace(/_(bucket|sum|count)$/, ''));
      if (!family) throw new Error(`${sample.name} is not announced`);
      family.samples.push(sample);
    }
  }
  return families;
};

const sampleIn = (line: string): Sample => {
  const [, name, inner = '', number] = sampleLine.exec(line) ?? [];
  if (name === undefined || number === undefined) throw new Error(`not a figure: ${line}`);
  const labels: Record<string, string> = {};
  label.lastIndex = 0;
  while (label.lastIndex < inner.length) {
    const [, key, text] = label.exec(inner) ?? [];
    if (key === undefined || text === undefined) throw new Error(`labels of ${line}`);
    labels[key] = text;
  }
  return { name, labels, value: Number(number.replace('Inf', 'Infinity')) };
};

/** The figure of a name with exactly these labels; undefined when there is none. */
export const figure = (
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined => {
  const wanted = JSON.stringify(Object.entries(labels).sort());
  for (const { samples } of families.values())
    for (const sample of samples)
      if (sample.name === name && JSON.stringify(Object.entries(sample.labels).sort()) === wanted)
        return sample.value;
  return undefined;
};

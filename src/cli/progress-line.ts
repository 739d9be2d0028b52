export type ProgressReport = Readonly<{ percent: number; status?: string }>;

const longestStatus = 500;
const inWords = /^progress[ \t]+(\d{1,3}(?:\.\d+)?)[ \t]*%?(?:[ \t]+(.*\S))?\s*$/;

/**
 * How far a program says that it is, in a line of its standard error: `progress 40 reading files`,
 * or `{"progress": 40, "status": "reading files"}`. Any other line is none.
 */
export const progressIn = (line: string): ProgressReport | undefined => {
  const words = inWords.exec(line);
  if (words) return reportOf(Number(words[1]), words[2]);
  if (!line.startsWith('{')) return undefined;
  try {
    const { progress, status }: { progress?: unknown; status?: unknown } = JSON.parse(line);
    return typeof progress === 'number' ? reportOf(progress, status) : undefined;
  } catch {
    return undefined;
  }
};

const reportOf = (percent: number, status: unknown): ProgressReport | undefined => {
  if (!(percent >= 0 && percent <= 100)) return undefined;
  return typeof status === 'string'
    ? { percent, status: status.slice(0, longestStatus) }
    : { percent };
};

import type { ImportCounts, ImportedRun, ImportStep } from '../client/client.js';
import { count, oneLine } from './text.js';

/** What an import of files amounts to so far. */
export type ImportTally = Readonly<{
  /** Takes what the server says about a file. */
  take(file: string, step: ImportStep): void;
  /** A file, or what is left of it, did not come in. */
  failed(file: string, reason: string): void;
  counts(): ImportCounts;
  /** The file in one line, once it is over. */
  lineFor(file: string): string;
  /** What is to be said at the end. */
  summary(seconds: number, mostWarnings: number): readonly string[];
  hasFailures(): boolean;
}>;

type FileTally = {
  /** What the server has counted, ahead of the runs it has finished with. */
  progress: ImportCounts;
  runs: ImportedRun[];
  problems: string[];
};

const none: ImportCounts = { runs: 0, messages: 0, checkpoints: 0 };

/** An empty tally of an import: what came of each file, by its name. */
export const importTally = (): ImportTally => {
  const files = new Map<string, FileTally>();
  const of = (file: string): FileTally => {
    const tally = files.get(file) ?? { progress: none, runs: [], problems: [] };
    files.set(file, tally);
    return tally;
  };
  const all = () => [...files.entries()];
  const problems = () =>
    all().flatMap(([file, tally]) => tally.problems.map((problem) => `${file}: ${problem}`));

  return {
    take: (file, step) => {
      const tally = of(file);
      if ('progress' in step) tally.progress = step.progress;
      if ('done' in step) tally.progress = step.done;
      if ('item' in step) tally.runs.push(step.item);
      if ('unreadable' in step)
        tally.problems.push(`run ${step.unreadable.index}: ${step.unreadable.reason}`);
    },
    failed: (file, reason) => {
      of(file).problems.push(reason);
    },
    counts: () => all().reduce((sum, [, { progress }]) => added(sum, progress), none),
    lineFor: (file) => {
      const { runs, problems } = of(file);
      const told = runs.length > 0 ? [inWords(countsOf(runs))] : [];
      return oneLine(`${file}: ${[...told, ...problems].join('; ')}`);
    },
    summary: (seconds, mostWarnings) => {
      const runs = all().flatMap(([, tally]) => tally.runs);
      const warnings = all().flatMap(([file, tally]) =>
        tally.runs.flatMap((run) => run.warnings.map((warning) => `${file}: ${warning}`)),
      );
      const known = runs.filter(({ added }) => added === 0).length;
      return [
        `${inWords(countsOf(runs))} in ${seconds.toFixed(1)} s`,
        ...(known > 0 ? [`${count(known, 'run')} already there`] : []),
        ...listed('warning', warnings, mostWarnings),
        ...listed('failure', problems(), Number.POSITIVE_INFINITY),
      ].map(oneLineKeepingIndent);
    },
    hasFailures: () => problems().length > 0,
  };
};

const added = (a: ImportCounts, b: ImportCounts): ImportCounts => ({
  runs: a.runs + b.runs,
  messages: a.messages + b.messages,
  checkpoints: a.checkpoints + b.checkpoints,
});

const countsOf = (runs: readonly ImportedRun[]): ImportCounts =>
  runs.reduce((sum, run) => added(sum, { ...run, runs: 1 }), none);

const inWords = ({ runs, messages, checkpoints }: ImportCounts): string =>
  [count(runs, 'run'), count(messages, 'message'), count(checkpoints, 'checkpoint')].join(', ');

const listed = (noun: string, lines: readonly string[], most: number): readonly string[] => {
  if (lines.length === 0) return [];
  const left = lines.length - Math.min(lines.length, most);
  return [
    `${count(lines.length, noun)}:`,
    ...lines.slice(0, most).map((line) => `  ${line}`),
    ...(left > 0 ? [`  … and ${left.toLocaleString('en')} more (--verbose shows all)`] : []),
  ];
};

const oneLineKeepingIndent = (line: string): string =>
  `${line.startsWith('  ') ? '  ' : ''}${oneLine(line)}`;

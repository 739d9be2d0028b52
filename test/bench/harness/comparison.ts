import type { Findings } from './findings.js';

/** `quick` shows that a comparison works, and measures nothing worth telling. */
export type Size = 'full' | 'quick';

/** A bench to run in a process of its own. */
export type Part = Readonly<{
  /** Its file below this folder's parent, compiled. */
  script: string;
  args: readonly string[];
  /** After which it is ended and counts as failed. */
  minutes: number;
  /** Where it leaves what it measured: in the file after `--json`, or as lines of its output that are JSON objects. `file` by default. */
  measured?: 'file' | 'lines';
}>;

/** Something measured beside a peer or a limit, in one or more parts one after the other. */
export type Comparison = Readonly<{
  name: string;
  title: string;
  /** How it is measured, for the page of results. */
  method: string;
  parts(size: Size): readonly Part[];
  /** @param measured what each part wrote; `undefined` for one that failed */
  findings(measured: readonly unknown[]): Findings;
}>;

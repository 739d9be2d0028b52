import type { Findings } from './findings.js';

/** `quick` shows that a comparison works, and measures nothing worth telling. */
export type Size = 'full' | 'quick';

/** A bench to run in a process of its own, which writes what it measured to the file after `--json`. */
export type Part = Readonly<{
  /** Its file below this folder's parent, compiled. */
  script: string;
  args: readonly string[];
  /** After which it is ended and counts as failed. */
  minutes: number;
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

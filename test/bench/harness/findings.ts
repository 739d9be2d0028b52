import { writeFile } from 'node:fs/promises';

/** A figure that says how things stand, and what is wanted of it, if anything is. */
export type Claim = Readonly<{
  what: string;
  figure: number;
  /** Of the figure and its limit; none where it is a ratio. */
  unit?: string;
  atLeast?: number;
  atMost?: number;
}>;

export type Table = Readonly<{
  title: string;
  columns: readonly string[];
  rows: readonly (readonly (string | number)[])[];
}>;

/** Bars beside one another, one for each series in each group; null for none. */
export type Chart = Readonly<{
  title: string;
  unit: string;
  isMoreBetter: boolean;
  series: readonly string[];
  groups: readonly Readonly<{ label: string; values: readonly (number | null)[] }>[];
}>;

/** What a comparison has found. */
export type Findings = Readonly<{
  claims: readonly Claim[];
  tables: readonly Table[];
  chart: Chart;
  /** Peers and parts that could not be measured, each with the reason. */
  leftOut: readonly string[];
}>;

/** Whether something is wanted of a figure. */
export const hasLimit = ({ atLeast, atMost }: Claim): boolean =>
  atLeast !== undefined || atMost !== undefined;

/** Whether a figure is within its limits. One that is no number is not. */
export const holds = ({ figure, atLeast, atMost }: Claim): boolean =>
  Number.isFinite(figure) &&
  figure >= (atLeast ?? Number.NEGATIVE_INFINITY) &&
  figure <= (atMost ?? Number.POSITIVE_INFINITY);

/** A figure with as many digits as say something: three, or all before the point. */
export const shown = (figure: number): string => {
  const size = Math.abs(figure);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return figure.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
};

/** Hands what a bench measured to who started it with `--json <file>`. */
export const writeMeasured = async (file: string | undefined, measured: unknown): Promise<void> => {
  if (file !== undefined) await writeFile(file, `${JSON.stringify(measured, undefined, 2)}\n`);
};

import { cpus, loadavg, totalmem } from 'node:os';

/** What kind of machine a run was made on, and how busy it was before it began. */
export type Machine = Readonly<{
  cores: number;
  memoryGiB: number;
  node: string;
  system: string;
  loadBefore: number;
}>;

export const thisMachine = (): Machine => ({
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 1024 ** 3),
  node: process.versions.node,
  system: `${process.platform} ${process.arch}`,
  loadBefore: Number((loadavg()[0] ?? 0).toFixed(2)),
});

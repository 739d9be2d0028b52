import { setImmediate } from 'node:timers/promises';
import { packSome } from './pack.js';
import type { PackedTree } from './packed-tree.js';

const lookEveryMs = 200;
const mostMsAtEnd = 3_000;

export type Packing = Readonly<{
  tree: PackedTree;
  /** Runs a job in a transaction. */
  transact: <Result>(job: () => Result) => Promise<Result>;
  /** How many entries were written since the store was opened. */
  written: () => number;
  /** How many there have to be for a round of packing, and how many wait at most until nothing is written. */
  least: number;
  most: number;
}>;

/** Packs what was written, in the background. */
export type Packer = Readonly<{
  /** Ends with a last round, a few seconds long at most; what is not packed by then is so later. */
  stop: () => Promise<void>;
}>;

/**
 * Packs what was written, as soon as it is worth it and nothing is written any more. Where too much
 * waits for that, 10 ms of every 200 go into it meanwhile. Where it fails nothing is lost, and it is
 * tried again.
 */
export const startPacker = (packing: Packing): Packer => {
  const { tree, transact, written, least, most } = packing;
  const { from: beginning } = tree.options;
  // A store that was there before may have much to pack.
  let awaited = 0;
  let packedAt = -least;
  let seen = 0;
  let at: Buffer | undefined;
  let working: Promise<void> = Promise.resolve();
  let isUrgent = false;
  let isStopped = false;

  const round = async (mayGoOn: () => boolean): Promise<void> => {
    if (at === undefined) {
      if (written() - packedAt < Math.max(least, awaited)) return;
      packedAt = written();
      at = beginning;
    }
    do {
      const from: Buffer = at;
      at = await tree.blocks.changing(() => transact(() => packSome(tree, from)));
      await setImmediate();
    } while (at !== undefined && mayGoOn());
    // What stays unpacked is gone through again each time, so the next time has to be worth that.
    if (at !== undefined) return;
    awaited = tree.plainCount() / 4;
    isUrgent = false;
  };
  const look = (): void => {
    const isIdle = written() === seen;
    seen = written();
    const mayGoOn = () => isIdle && !isStopped && written() === seen;
    isUrgent ||= seen - packedAt > most;
    working = isIdle || isUrgent ? round(mayGoOn).catch(() => undefined) : Promise.resolve();
    void working.then(() => {
      if (!isStopped) timer.refresh();
    });
  };
  const timer = setTimeout(look, lookEveryMs);
  timer.unref();
  return {
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      await working;
      const end = performance.now() + mostMsAtEnd;
      // Also little, and what lies before where the last round has come to.
      if (written() > packedAt) at = beginning;
      await round(() => performance.now() < end).catch(() => undefined);
    },
  };
};

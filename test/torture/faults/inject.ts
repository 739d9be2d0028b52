import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../log.js';
import type { PlannedFault } from './plan.js';
import type { World } from './world.js';

/** Carries out planned faults. */
export type Injection = Readonly<{
  /** How many have begun. */
  begun(): number;
  /** Resolves when all faults are over that had begun, and no more come. */
  stop(): Promise<void>;
}>;

/**
 * Begins each fault at its time. Faults of one process or link go one after another, as a process can
 * be ended once only; those of different ones overlap.
 */
export const startInjection = (
  world: World,
  planned: readonly PlannedFault[],
  log: Log,
): Injection => {
  const stopping = new AbortController();
  const lanes = new Map<string, Promise<void>>();
  const began = performance.now();
  let begun = 0;

  const carryOut = async ({ kind, on, ms }: PlannedFault): Promise<void> => {
    const link = world.links.get(on);
    const process = world.processes.get(on);
    switch (kind) {
      case 'kill':
        return process?.restart(ms);
      case 'pause':
        return process?.pause(ms);
      case 'clock-jump':
        return world.shiftClock(on, ms);
      case 'cut':
        return link?.cut();
      case 'refuse':
        link?.refuse(true);
        await delay(ms);
        return link?.refuse(false);
      case 'stall':
        link?.stall(true);
        await delay(ms);
        return link?.stall(false);
      case 'lose-answers':
        link?.loseAnswers(true);
        await delay(ms);
        return link?.loseAnswers(false);
    }
  };

  const begin = (fault: PlannedFault): void => {
    const before = lanes.get(fault.on) ?? Promise.resolve();
    const turn = before.then(async () => {
      if (stopping.signal.aborted) return;
      begun += 1;
      const { n, kind, on, ms } = fault;
      log.note({ log: 'fault', n, kind, on, detail: `${ms} ms` });
      await carryOut(fault);
    });
    // One that cannot be undone, such as a node that does not start any more, is told when it is over.
    const told = turn.catch((error: unknown) =>
      log.note({ log: 'incident', what: `${fault.on} after ${fault.kind}: ${error}` }),
    );
    lanes.set(fault.on, told);
  };

  const run = async (): Promise<void> => {
    for (const fault of planned) {
      const waitMs = fault.atMs - (performance.now() - began);
      if (waitMs > 0) await delay(waitMs, undefined, { signal: stopping.signal });
      if (stopping.signal.aborted) return;
      begin(fault);
    }
  };
  const running = run().catch(() => {});

  return {
    begun: () => begun,
    stop: async () => {
      stopping.abort();
      await running;
      await Promise.all(lanes.values());
    },
  };
};

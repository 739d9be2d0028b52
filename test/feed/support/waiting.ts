import { setTimeout as pause } from 'node:timers/promises';

const limitMs = 45_000;

/** Lets tests wait until something holds, which is looked at whenever something happened. */
export class Waiting {
  readonly #checks = new Set<() => void>();

  happened(): void {
    for (const check of this.#checks) check();
  }

  /** @param describe what there is so far, for the failure */
  until(condition: () => boolean, describe: () => string): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        this.#checks.delete(check);
        reject(new Error(`did not come about in time; so far: ${describe()}`));
      }, limitMs);
      const check = () => {
        if (!condition()) return;
        clearTimeout(limit);
        this.#checks.delete(check);
        resolve();
      };
      this.#checks.add(check);
    });
  }
}

/** Settles once a condition holds that nothing tells of. It is looked at over and over. */
export const eventually = async (condition: () => boolean, what: string): Promise<void> => {
  const limit = Date.now() + limitMs;
  while (!condition()) {
    if (Date.now() > limit) throw new Error(`did not come about in time: ${what}`);
    await pause(2);
  }
};

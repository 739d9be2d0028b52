/** How slow this machine is, seen from a process that works a little now and then. */
export type Slowness = Readonly<{
  /** Ends watching. @returns how many times as long as alone the slowest piece of work took; 1 at least */
  stop(): number;
}>;

const everyMs = 400;
const workMs = 40;

/**
 * Watches how long 40 milliseconds' worth of work take, from when a timer should have begun them:
 * what a process that shares its processors with others waits for its turns.
 */
export const watchSlowness = (): Slowness => {
  let worst = 1;
  let due = performance.now() + everyMs;
  const timer = setInterval(() => {
    const before = process.cpuUsage();
    for (let used = 0; used < workMs; ) {
      const { user, system } = process.cpuUsage(before);
      used = (user + system) / 1_000;
    }
    worst = Math.max(worst, (performance.now() - due) / workMs);
    due = performance.now() + everyMs;
  }, everyMs);
  return {
    stop: () => {
      clearInterval(timer);
      return worst;
    },
  };
};

import { readFileSync } from 'node:fs';

// Loaded into a node before its own modules (`node --import`), in each of its threads: shifts the wall
// clock by what a file says, in milliseconds, so that it can be set while the node runs. Time that only
// goes forwards (performance.now, timers) is not touched, as setting a clock does not touch it either.

const file = process.env.FORKLINE_TORTURE_CLOCK ?? '';
const everyMs = 100;
let shift = 0;

const read = (): void => {
  try {
    shift = Number(readFileSync(file, 'utf8')) || 0;
  } catch {
    // Not shifted yet.
  }
};
read();
setInterval(read, everyMs).unref();

const RealDate = Date;
const now = (): number => RealDate.now() + shift;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, created) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, created),
  apply: () => new RealDate(now()).toString(),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
});

import type { Logger } from 'pino';

export type EventLoopLimits = Readonly<{
  /** From how long on nothing else having been done is worth a warning. */
  blockedMs: number;
  /** How often it is looked. */
  everyMs: number;
}>;

/** Warns when something has kept everything else in this process waiting. @returns ends it */
export const watchEventLoop = (
  log: Logger,
  { blockedMs, everyMs }: EventLoopLimits = { blockedMs: 500, everyMs: 100 },
): (() => void) => {
  let expected = performance.now() + everyMs;
  const timer = setInterval(() => {
    const now = performance.now();
    const late = now - expected;
    expected = now + everyMs;
    if (late > blockedMs)
      log.warn({ blockedMs: Math.round(late) }, 'the event loop was blocked: everything waited');
  }, everyMs).unref();
  return () => clearInterval(timer);
};

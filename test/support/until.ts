import { StoreUnavailable } from '../../src/eventstore/event-store.js';

/** Long enough for whatever a test waits for, on a busy machine too, in milliseconds. */
export const patience = 60_000;

/** Resolves once a condition holds; it is looked at again and again. */
export const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  const giveUp = Date.now() + patience;
  while (!(await holds())) {
    if (Date.now() > giveUp) throw new Error(`not so after ${patience} ms: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

/** Repeats what failed for want of the event store, as callers do. */
export const untilAnswered = async <Result>(attempt: () => Promise<Result>): Promise<Result> => {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
    }
  }
};

import type { ClaimedTask } from './task-types.js';
import { queuesOver } from './tasks.js';
import type { Transport } from './transport.js';
import { type Reachability, untilAnswered } from './until-answered.js';

export type ClaimerOptions = Readonly<{
  queues: readonly string[];
  workerId: string;
  leaseSeconds: number;
  reachability: Reachability;
}>;

/** The most tasks that one claim is given. */
const mostClaimed = 100;

/** How long one call waits for work where there is one queue to ask, in seconds. */
const longWait = 20;
/** The same where there are several: while one is waited for, work in the others waits. */
const shortWait = 1;

/**
 * Claims tasks, waiting until there are some: from one queue by waiting there, from several by
 * asking each in turn, beginning with another each time so that none is always last.
 *
 * Should an answer get lost, the tasks in it go back when their leases end.
 *
 * The function made gives nothing once the signal is aborted, and throws ForklineError when refused.
 */
export const claimerOver = (http: Transport, options: ClaimerOptions) => {
  const { queues, workerId, leaseSeconds, reachability } = options;
  const { claim } = queuesOver(http);
  let turn = 0;

  const ask = async (
    queue: string,
    max: number,
    waitSeconds: number,
    signal: AbortSignal,
  ): Promise<readonly ClaimedTask[]> => {
    const call = () => claim(queue, { workerId, max, leaseSeconds, waitSeconds }, { signal });
    return (await untilAnswered(call, reachability, { signal })).items;
  };

  const askAll = async (max: number, signal: AbortSignal): Promise<readonly ClaimedTask[]> => {
    const [only] = queues;
    if (only !== undefined && queues.length === 1) return ask(only, max, longWait, signal);
    turn += 1;
    const inTurn = queues.map((_, index) => queues[(turn + index) % queues.length] ?? '');
    for (const queue of inTurn) {
      const items = await ask(queue, max, 0, signal);
      if (items.length > 0) return items;
    }
    return ask(inTurn[0] ?? '', max, shortWait, signal);
  };

  return async (max: number, signal: AbortSignal): Promise<readonly ClaimedTask[]> => {
    try {
      return await askAll(Math.min(max, mostClaimed), signal);
    } catch (error) {
      if (signal.aborted) return [];
      throw error;
    }
  };
};

import type { Runner } from '../projecting/runner.js';
import type { ModelName } from './route.js';

const patienceMs = 5_000;

/**
 * Waits until read models have seen a position, 5 s at most: what is decided from them then takes
 * everything up to there into account.
 *
 * @throws NotCaughtUp
 */
export const modelsSeen = async (
  runner: Pick<Runner, 'progress'>,
  names: readonly ModelName[],
  position: number,
): Promise<void> => {
  await Promise.all(names.map((name) => runner.progress(name).reached(position, patienceMs)));
};

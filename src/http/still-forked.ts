import { Problem } from './problem.js';

type Fork = Readonly<{ stream: string; at: number }>;

/** What keeps a stream from being deleted, or pruned, and what can be done about it. */
export const stillForked = (forks: readonly Fork[]): Problem => {
  const [first, second] = forks;
  const names = forks.length === 1 ? first?.stream : `${first?.stream}, ${second?.stream}`;
  const more = forks.length > 2 ? ` and ${forks.length - 2} more` : '';
  return new Problem(
    'stream-has-forks',
    `it holds what these inherit: ${names}${more}; detach or delete them first`,
    { forks },
  );
};

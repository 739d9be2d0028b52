import type { z } from 'zod';
import { Problem } from './problem.js';

/**
 * What a schema found wrong with a part of a request, each by its path.
 *
 * @param where names the part: what is wrong with it as a whole is under that name
 * @param above the path down to what the schema was given
 */
export const malformedParts = (
  { issues }: z.ZodError,
  where: string,
  above: readonly PropertyKey[] = [],
): Problem => {
  const errors = issues.flatMap((issue) => {
    const at = (path: readonly PropertyKey[], message: string) => ({
      path: [...above, ...issue.path, ...path].map(String).join('.') || where,
      message,
    });
    return issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => at([key], 'is not known here'))
      : [at([], issue.message)];
  });
  const [first] = errors;
  return new Problem('bad-request', `${first?.path}: ${first?.message}`, { errors });
};

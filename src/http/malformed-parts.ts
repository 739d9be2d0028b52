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
  const errors = issues.flatMap(meant).flatMap((issue) => {
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

/** Of what takes one of several shapes, what is wrong with the shape that was meant, where only one can be. */
const meant = (issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] => {
  if (issue.code !== 'invalid_union') return [issue];
  const [first, ...others] = issue.errors.filter(
    (alternative) => !alternative.some(({ path }) => path.length === 0 && !isNames(alternative)),
  );
  return first && others.length === 0
    ? first.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }))
    : [issue];
};

/** Whether all that is wrong with a value as a whole is that it has names which are not known. */
const isNames = (issues: readonly z.core.$ZodIssue[]): boolean =>
  issues.every(({ path, code }) => path.length > 0 || code === 'unrecognized_keys');

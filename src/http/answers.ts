import type { ForkRejection } from '../commands/fork.js';
import type { Outcome } from '../commands/request.js';
import { isRejection, type Rejection } from '../domain/decider.js';
import { StreamTombstoned } from '../eventstore/event-store.js';
import { Problem, type ProblemCode } from './problem.js';
import type { Answer } from './route.js';

/** The outcome of a command. @throws Problem when it was turned down */
export const carriedOut = <Accepted extends Outcome, Reason extends ProblemCode | ForkRejection>(
  outcome: Accepted | Rejection<Reason>,
): Accepted => {
  if (isRejection(outcome)) throw new Problem(outcome.rejected);
  return outcome;
};

/**
 * The answer of a command: 200, or 201 when it created something, with the place of its effect and the
 * revision as entity tag.
 *
 * @param created the path of what was created
 * @param more further members of the body
 * @throws Problem when the command was turned down
 */
export const written = (
  outcome: Outcome | Rejection<ProblemCode>,
  { created, more = {} }: Readonly<{ created?: string; more?: object }> = {},
): Answer => {
  const { id, stream, revision, position } = carriedOut(outcome);
  return {
    status: created === undefined ? 200 : 201,
    headers: { ETag: `"${revision}"`, ...(created !== undefined && { Location: created }) },
    body: { id, stream, revision, position: String(position), ...more },
  };
};

/**
 * The answer 200 of a query, with the revision as entity tag if what was found has one.
 *
 * @throws Problem with the code when there is nothing
 */
export const found = (thing: object | undefined, code: ProblemCode): Answer => {
  if (thing === undefined) throw new Problem(code);
  return {
    status: 200,
    body: thing,
    ...('revision' in thing && { headers: { ETag: `"${thing.revision}"` } }),
  };
};

/**
 * Waits for a command that creates a stream. An id stays taken when its stream was deleted for good.
 *
 * @param taken the code for an id that is taken
 * @throws Problem with that code for such an id, and what the command throws
 */
export const creating = async <Result>(
  stream: string,
  taken: ProblemCode,
  outcome: Promise<Result>,
): Promise<Result> => {
  try {
    return await outcome;
  } catch (error) {
    if (error instanceof StreamTombstoned && error.stream === stream)
      throw new Problem(taken, error.message);
    throw error;
  }
};

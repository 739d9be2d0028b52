import { ForklineError, isAbort, unreachable } from './forkline-error.js';
import type { WholeAnswer } from './transport.js';

/** The JSON of an answer. @throws ForklineError when it breaks off, and for what {@link jsonIn} throws */
export const answerIn = async <Answer>(response: WholeAnswer): Promise<Answer> => {
  const text = await response.text().catch((error: unknown) => {
    throw isAbort(error) ? error : unreachable(response.url, error);
  });
  return jsonIn(text, response.status);
};

/**
 * The JSON of an answer, or of a line of one. What is none was not written by Forkline.
 *
 * @param status of the answer
 * @throws ForklineError `unexpected-answer`
 */
export const jsonIn = <Answer>(text: string, status: number): Answer => {
  try {
    return JSON.parse(text) as Answer;
  } catch (cause) {
    const detail = `an answer with status ${status} that is not JSON`;
    throw new ForklineError(status, 'unexpected-answer', { detail }, { cause });
  }
};

import { isAbort, unreachable } from './forkline-error.js';

/**
 * The lines of an answer as they arrive, without empty ones. Stopping early cancels the answer.
 *
 * @throws ForklineError when the answer breaks off
 */
export async function* linesOf({ body, url }: Response): AsyncGenerator<string, void, undefined> {
  if (!body) return;
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const chunk of body) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines.filter(isFilled);
    }
  } catch (error) {
    throw isAbort(error) ? error : unreachable(url, error);
  }
  if (isFilled(rest)) yield rest;
}

const isFilled = (line: string): boolean => line.trim() !== '';

import { isAbort, unreachable } from './forkline-error.js';

/**
 * The lines of an answer as they arrive, without empty ones. Stopping early cancels the answer.
 *
 * @throws ForklineError when the answer breaks off
 */
export async function* linesOf({ body, url }: Response): AsyncGenerator<string, void, undefined> {
  if (!body) return;
  // By its reader: not every browser iterates over streams.
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      const lines = (rest + decoder.decode(read.value, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines.filter(isFilled);
    }
  } catch (error) {
    throw isAbort(error) ? error : unreachable(url, error);
  } finally {
    // Of what is read to its end there is nothing left to cancel.
    await reader.cancel().catch(() => {});
  }
  if (isFilled(rest)) yield rest;
}

const isFilled = (line: string): boolean => line.trim() !== '';

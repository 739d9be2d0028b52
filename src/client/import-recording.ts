import { jsonIn } from './answer.js';
import { ForklineError, unreachable } from './forkline-error.js';
import type {
  ImportedRun,
  ImportOptions,
  ImportResult,
  ImportStep,
  Recording,
  UnreadableRun,
} from './import-types.js';
import { linesOf } from './lines.js';
import type { Transport } from './transport.js';
import type { JsonObject } from './types.js';

/**
 * Sends a file with recorded runs; each becomes a session and an execution. The same file again
 * adds nothing.
 *
 * @throws ForklineError also when only part of the file came in: runs told of before are in
 */
export const importRecording =
  (http: Transport) =>
  async (
    recording: Recording,
    { format, name, onStep, signal }: ImportOptions = {},
  ): Promise<ImportResult> => {
    const response = await http.send('POST', '/v1/sessions/import', {
      query: { format, name },
      headers: { accept: 'application/x-ndjson', 'content-type': 'application/octet-stream' },
      body: recording,
      signal,
      // The same file again adds nothing.
      isRepeatable: true,
    });
    const items: ImportedRun[] = [];
    const unreadable: UnreadableRun[] = [];
    for await (const line of linesOf(response)) {
      const step = stepIn(line, response.status);
      onStep?.(step);
      if ('item' in step) items.push(step.item);
      if ('unreadable' in step) unreadable.push(step.unreadable);
      if ('done' in step) {
        http.wrote(step.done);
        return { items, unreadable, done: step.done };
      }
    }
    throw unreachable(response.url, new Error('the answer ended before the import was done'));
  };

/** @throws ForklineError when the line is the reason why the import ended, or is none of Forkline's */
const stepIn = (line: string, answered: number): ImportStep => {
  const step = jsonIn<ImportStep | { problem: JsonObject }>(line, answered);
  if (!('problem' in step)) return step;
  const { status, code } = step.problem;
  throw new ForklineError(Number(status), String(code), step.problem);
};

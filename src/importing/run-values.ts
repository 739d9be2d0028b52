import type { JsonValue } from '../domain/json.js';
import { isChatMessage } from './formats/openai-messages.js';
import { parseJson } from './json.js';
import { maxRunBytes, type Piece } from './split-runs.js';
import { UnreadableRecording } from './unreadable-recording.js';

/** What may be a run: its parsed value, or why it could not be parsed. `place` is empty for a whole file. */
export type RunValue = Readonly<{ place: string; value: JsonValue } | UnparsedRun>;
type UnparsedRun = { place: string; error: UnreadableRecording };

/**
 * Parses the pieces of a file, and puts the elements of a bare array of messages together again,
 * which are one run. In a file of many runs a broken one is given as its error.
 *
 * @param isRun whether a parsed value is a run; decides if a file cut off in its first line is JSONL
 * @throws UnreadableRecording when the file is one run and that is broken
 */
export async function* runValues(
  pieces: AsyncIterable<Piece>,
  isRun: (value: JsonValue) => boolean,
): AsyncGenerator<RunValue> {
  let conversation: JsonValue[] | undefined;
  let bytes = 0;
  for await (const piece of pieces) {
    if (piece.kind === 'document') {
      yield* piece.cutOff ? fromCutOff(piece, isRun) : [{ place: '', value: parse(piece.json) }];
      continue;
    }
    if (piece.kind === 'line') {
      if (conversation) yield { place: '', value: conversation };
      conversation = undefined;
      yield attempt(piece.json, `line ${piece.number}`);
      continue;
    }
    const element = attempt(piece.json, `[${piece.number}]`);
    if (piece.number === 0 && 'value' in element && isChatMessage(element.value)) conversation = [];
    if (!conversation) {
      yield element;
      continue;
    }
    if ('error' in element) throw element.error;
    bytes += piece.json.byteLength;
    if (bytes > maxRunBytes)
      throw new UnreadableRecording(`one run takes up more than ${maxRunBytes} bytes unpacked`);
    conversation.push(element.value);
  }
  if (conversation) yield { place: '', value: conversation };
}

// A file that ends inside its first object is either cut off or JSONL with a broken first line.
function* fromCutOff({ json }: Piece, isRun: (value: JsonValue) => boolean): Generator<RunValue> {
  const lines = json
    .toString()
    .split('\n')
    .map((line, index) => ({ line, place: `line ${index + 1}` }))
    .filter(({ line }) => line.trim() !== '')
    .map(({ line, place }) => attempt(Buffer.from(line), place));
  const isRunLine = (line: RunValue) => 'value' in line && isRun(line.value);
  if (!lines.some(isRunLine)) throw new UnreadableRecording('the file ends inside the recording');
  yield* lines;
}

const attempt = (json: Buffer, place: string): RunValue => {
  try {
    return { place, value: parse(json) };
  } catch (error) {
    if (!(error instanceof UnreadableRecording)) throw error;
    return { place, error: new UnreadableRecording(error.reason, place) };
  }
};

const parse = (json: Buffer): JsonValue => parseJson(decode(json));

const decode = (json: Buffer): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(json);
  } catch {
    throw new UnreadableRecording('not UTF-8 text');
  }
};

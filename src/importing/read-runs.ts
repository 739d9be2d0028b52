import type { JsonValue } from '../domain/json.js';
import { boundedRun } from './bounded-run.js';
import { forkline } from './formats/forkline.js';
import type { FormatReader } from './formats/format-reader.js';
import { miniSweAgent } from './formats/mini-swe-agent.js';
import { openaiMessages } from './formats/openai-messages.js';
import { sweAgent } from './formats/swe-agent.js';
import { tauBench } from './formats/tau-bench.js';
import { contentHash } from './json.js';
import { takeNotes } from './notes.js';
import { type Format, formats, type ReadRun, type RecordedRun } from './recorded-run.js';
import { type RunValue, runValues } from './run-values.js';
import { splitRuns } from './split-runs.js';
import { unpack } from './unpack.js';
import { UnreadableRecording } from './unreadable-recording.js';

const readers: Readonly<Record<Format, FormatReader>> = {
  forkline,
  'mini-swe-agent': miniSweAgent,
  'tau-bench': tauBench,
  'swe-agent': sweAgent,
  'openai-messages': openaiMessages,
};

// mini-swe-agent's files hold `messages` too, so it is asked before openai-messages.
const recognition: readonly Format[] = [
  'forkline',
  'mini-swe-agent',
  'tau-bench',
  'swe-agent',
  'openai-messages',
];

const defaultMaxBytes = 512 * 1024 * 1024;

/** So many entries without a run among them, and the rest of the file is not looked at. */
const patience = 100;

export type ReadOptions = Readonly<{
  /** Recognised from each run's content when absent. */
  format?: Format | undefined;
  /** What the file is called: kept as metadata, and a title where the content gives none. */
  name?: string | undefined;
  /** Limit of the unpacked size; 512 MiB by default. */
  maxBytes?: number | undefined;
}>;

/**
 * Reads the recorded runs in a file, gzip or plain, one after the other. Arrays and JSONL are never
 * held whole: what is in memory is one run.
 *
 * In a file of many runs a broken one comes as an `unreadable` entry and the others are read.
 *
 * @throws UnreadableRecording when the file is one run and that is broken, when nothing in it is a
 *   run, and at the place where gzip or the array's frame is damaged or the file ends too early:
 *   runs before that place have been given by then
 */
export async function* readRuns(
  source: AsyncIterable<Uint8Array>,
  { format, name, maxBytes = defaultMaxBytes }: ReadOptions = {},
): AsyncGenerator<ReadRun> {
  const isRun = (value: JsonValue) =>
    format ? readers[format].recognises(value) : recognise(value) !== undefined;
  let index = 0;
  let readable = 0;
  let firstError: UnreadableRecording | undefined;
  for await (const value of runValues(splitRuns(unpack(source, maxBytes)), isRun)) {
    const run = readOne(value, format, name);
    if (run instanceof UnreadableRecording) {
      if (value.place === '') throw run;
      firstError ??= run;
      yield { index, unreadable: run.message };
      if (readable === 0 && index + 1 >= patience) break;
    } else {
      readable++;
      yield { index, run };
    }
    index++;
  }
  if (readable > 0) return;
  throw firstError
    ? new UnreadableRecording(`there is no run that can be read; ${firstError.message}`)
    : new UnreadableRecording('there is nothing in the file');
}

/** The format a value is in, undefined when it is none that Forkline reads. */
const recognise = (value: JsonValue): Format | undefined =>
  recognition.find((format) => readers[format].recognises(value));

const readOne = (
  item: RunValue,
  given: Format | undefined,
  name: string | undefined,
): RecordedRun | UnreadableRecording => {
  if ('error' in item) return item.error;
  try {
    const format = given ?? recognise(item.value);
    if (!format) throw new UnreadableRecording(`none of the formats ${formats.join(', ')}`);
    const reader = readers[format];
    const notes = takeNotes();
    const run = boundedRun(reader.read(item.value, name, notes), notes);
    const identity = reader.identity?.(item.value) ?? item.value;
    return { ...run, key: contentHash({ format, run: identity }), format, warnings: notes.lines() };
  } catch (error) {
    // A RangeError is V8's: the run written as text would be longer than a string can be.
    if (error instanceof RangeError)
      return new UnreadableRecording('too large to read', item.place);
    if (!(error instanceof UnreadableRecording)) throw error;
    const inside = [item.place, error.place].filter((place) => place !== '').join(' ');
    return new UnreadableRecording(error.reason, inside);
  }
};

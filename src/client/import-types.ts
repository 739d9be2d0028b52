import type { Position } from './types.js';

/** A file with recorded runs, gzip or plain, at most 64 MiB. */
export type Recording = string | Uint8Array<ArrayBuffer> | Blob | ReadableStream<Uint8Array>;

export type RecordingFormat =
  | 'openai-messages'
  | 'swe-agent'
  | 'mini-swe-agent'
  | 'tau-bench'
  | 'forkline';

/** One recorded run, as it is in Forkline now. */
export type ImportedRun = Readonly<{
  /** Its place in the file, from 0. */
  index: number;
  sessionId: string;
  executionId: string;
  messages: number;
  checkpoints: number;
  /** How many events the import added; 0 when the run was there already. */
  added: number;
  /** What of the recording could not be taken as it is, in words. */
  warnings: readonly string[];
}>;

/** A run that could not be brought in while others could. `index` is its place in the file, from 0. */
export type UnreadableRun = Readonly<{ index: number; reason: string; code: string }>;

export type ImportCounts = Readonly<{ runs: number; messages: number; checkpoints: number }>;

/** What a whole import came to. `position` has seen all of it; it is missing when nothing was added. */
export type ImportTotals = ImportCounts & Readonly<{ position?: Position }>;

/** What the server says while it imports: how far it is, each run as it is in, and the end. */
export type ImportStep =
  | Readonly<{ progress: ImportCounts }>
  | Readonly<{ item: ImportedRun }>
  | Readonly<{ unreadable: UnreadableRun }>
  | Readonly<{ done: ImportTotals }>;

export type ImportOptions = Readonly<{
  /** Recognised from the content by default. */
  format?: RecordingFormat;
  /** What the file is called: a title where the recording has none. */
  name?: string;
  /** Called with every step as it arrives: also with those before an error. */
  onStep?: (step: ImportStep) => void;
  signal?: AbortSignal;
}>;

export type ImportResult = Readonly<{
  items: readonly ImportedRun[];
  unreadable: readonly UnreadableRun[];
  done: ImportTotals;
}>;

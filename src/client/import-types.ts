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
  sessionId: string;
  executionId: string;
  messages: number;
  checkpoints: number;
  /** Whether it was in Forkline before, so that nothing was added. */
  alreadyThere?: boolean;
  /** What of the recording could not be taken as it is, in words. */
  warnings: readonly string[];
}>;

/** A run that could not be read while others could. `index` is its place in the file, from 0. */
export type UnreadableRun = Readonly<{ index: number; reason: string }>;

export type ImportCounts = Readonly<{ runs: number; messages: number; checkpoints: number }>;

/** What the server says while it imports: how far it is, each run as it is in, and the end. */
export type ImportStep =
  | Readonly<{ progress: ImportCounts }>
  | Readonly<{ item: ImportedRun }>
  | Readonly<{ unreadable: UnreadableRun }>
  | Readonly<{ done: ImportCounts }>;

export type ImportOptions = Readonly<{
  /** Recognised from the content by default. */
  format?: RecordingFormat;
  /** Called with every step as it arrives: also with those before an error. */
  onStep?: (step: ImportStep) => void;
  signal?: AbortSignal;
}>;

export type ImportResult = Readonly<{
  items: readonly ImportedRun[];
  unreadable: readonly UnreadableRun[];
  done: ImportCounts;
}>;

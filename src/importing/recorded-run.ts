import type { Pipeline } from '../domain/execution.js';
import type { JsonObject } from '../domain/json.js';
import type { MessageRole, SessionMode } from '../domain/session.js';

/** The formats of recordings that are read. */
export const formats = [
  'openai-messages',
  'swe-agent',
  'mini-swe-agent',
  'tau-bench',
  'forkline',
] as const;

export type Format = (typeof formats)[number];

/** One message as it will be posted. It fits an event of well below 1 MiB. */
export type RecordedMessage = Readonly<{
  role: MessageRole;
  content: string | readonly JsonObject[];
  name?: string;
  toolCalls?: readonly JsonObject[];
  toolCallId?: string;
  /** What the fields above cannot hold: original time, cost, agent, recorded role, thought … */
  metadata: JsonObject;
}>;

/** One step of an agent, as it will be saved as a checkpoint. */
export type RecordedStep = Readonly<{
  agent: string;
  stage: string;
  /** As recorded; counted from 1 where the recording does not say. */
  stageOrder: number;
  /** Where the agent stood when the step was done; never the history, which the messages hold. */
  state: JsonObject;
  outputs?: JsonObject;
  processing?: readonly JsonObject[];
  /** How many of the run's messages had been exchanged when this step was done; never falls from step to step. */
  afterMessages: number;
}>;

/** How a run ended. `running` when the recording does not say that it ended. */
export type RecordedOutcome =
  | Readonly<{ status: 'completed'; output: JsonObject }>
  | Readonly<{ status: 'failed'; error: string; output?: JsonObject }>
  | Readonly<{ status: 'cancelled'; reason?: string }>
  | Readonly<{ status: 'running' }>;

export type RecordedExecution = Readonly<{
  steps: readonly RecordedStep[];
  outcome: RecordedOutcome;
  /** What the execution was started with. */
  input?: JsonObject;
  pipeline?: Pipeline;
  requestId?: string;
}>;

/** One recorded run: a session with its messages and an execution with one checkpoint a step. */
export type RecordedRun = RecordedExecution &
  Readonly<{
    /**
     * SHA-256 (hex) of the run's content in canonical form: the same run gives the same key whatever
     * the file's name, compression, order of keys or white space.
     */
    key: string;
    format: Format;
    title: string;
    mode: SessionMode;
    /** The status the session is left in; one that is not over can go on. */
    sessionStatus: 'active' | 'completed' | 'failed' | 'terminated';
    metadata: JsonObject;
    messages: readonly RecordedMessage[];
    /** Executions past the first, which only Forkline's own export has. */
    furtherExecutions?: readonly RecordedExecution[];
    /** Every trap met, in plain words with the place. */
    warnings: readonly string[];
  }>;

/** What a format's reader makes of one run; the rest is added around it. */
export type RunContent = Omit<RecordedRun, 'key' | 'format' | 'warnings'>;

/** An entry of a file: a run, or why this one could not be read while others can. `index` counts from 0. */
export type ReadRun =
  | Readonly<{ index: number; run: RecordedRun }>
  | Readonly<{ index: number; unreadable: string }>;

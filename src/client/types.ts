/** Types of what Forkline's HTTP interface takes and gives. Times are ISO 8601 UTC. */

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

export type JsonObject = { readonly [key: string]: JsonValue };

/** A place in the whole store, in decimal: larger than a number may hold exactly, so it stays text. */
export type Position = string;

/** What every write answers. `revision` is where the stream is now. */
export type Written = Readonly<{
  id: string;
  stream: string;
  revision: number;
  position: Position;
}>;

/** One page of a list. `next` is passed back as `cursor`; null on the last page. */
export type Page<Item> = Readonly<{ items: readonly Item[]; next: string | null }>;

/** `limit` is 1 to 500, 50 by default. */
export type PageQuery = Readonly<{ cursor?: string; limit?: number }>;

/** A stream, and the last revision taken from it. */
export type Origin = Readonly<{ stream: string; revision: number }>;

/** Where a fork comes from, and whether it was detached since. */
export type ForkOrigin = Origin & Readonly<{ detached?: true }>;

// Sessions.

export type SessionStatus =
  | 'created'
  | 'active'
  | 'processing'
  | 'paused'
  | 'completed'
  | 'failed'
  | 'terminated';

export type SessionMode = 'interactive' | 'background';

export type NewSession = Readonly<{
  id?: string;
  title?: string;
  mode?: SessionMode;
  metadata?: JsonObject;
  parentSessionId?: string;
}>;

export type Session = Readonly<{
  id: string;
  userId: string;
  title: string;
  status: SessionStatus;
  mode: SessionMode;
  metadata: JsonObject;
  parentSessionId?: string;
  archived: boolean;
  deleted: boolean;
  messageCount: number;
  createdAt: string;
  updatedAt: string;
  forkedFrom?: ForkOrigin;
  revision: number;
}>;

export type SessionChange = Readonly<{ title?: string; archived?: boolean; metadata?: JsonObject }>;

export type SessionQuery = PageQuery &
  Readonly<{
    status?: SessionStatus;
    /** Text in the title. */
    q?: string;
    includeArchived?: boolean;
    includeDeleted?: boolean;
  }>;

export type SessionMove = Readonly<{
  status: 'active' | 'processing' | 'completed' | 'failed';
  reason?: string;
}>;

// Messages.

export type MessageRole = 'user' | 'assistant' | 'system' | 'tool';
export type MessageContent = string | readonly JsonObject[];

export type NewMessage = Readonly<{
  id?: string;
  role: MessageRole;
  content: MessageContent;
  name?: string;
  toolCalls?: readonly JsonObject[];
  toolCallId?: string;
  metadata?: JsonObject;
}>;

export type Message = Readonly<{
  id: string;
  role: MessageRole;
  content: MessageContent;
  name?: string;
  toolCalls?: readonly JsonObject[];
  toolCallId?: string;
  metadata: JsonObject;
  createdAt: string;
  editedAt?: string;
  deleted?: true;
  /** Revision of the event that posted it. */
  revision: number;
  /** Where it was posted, when that is a session that this one was forked from. */
  origin?: Origin;
}>;

/** `at` is the revision as of which to list; the head by default. */
export type MessageQuery = PageQuery & Readonly<{ at?: number; includeDeleted?: boolean }>;

/** `q` is words; "a phrase"; -without. Of all sessions that the caller may see, or of one. */
export type MessageSearch = PageQuery & Readonly<{ q: string; sessionId?: string }>;

/** A message that was found. */
export type MessageHit = Readonly<{
  id: string;
  /** The session that it was posted, or edited, in. */
  sessionId: string;
  role: MessageRole;
  createdAt: string;
  /** Larger is better; compares hits of one search only. */
  score: number;
  /** Pieces of the text, the words found marked with `<em>`; the rest is HTML-escaped. */
  highlights: readonly string[];
}>;

// Executions and checkpoints.

export type ExecutionStatus = 'running' | 'completed' | 'failed' | 'cancelled';
export type Stage = Readonly<{ name: string; agent: string; queue?: string }>;
export type Pipeline = Readonly<{ name: string; stages: readonly Stage[] }>;
export type CurrentStage = Readonly<{ stage: string; agent: string; stageOrder: number }>;

/** The stage that a task carries out. */
export type DispatchedStage = CurrentStage & Readonly<{ taskId: string; dispatchedAt: string }>;

export type NewExecution = Readonly<{
  id?: string;
  sessionId?: string;
  requestId?: string;
  pipeline?: Pipeline;
  input?: JsonValue;
}>;

export type Execution = Readonly<{
  id: string;
  userId: string;
  sessionId?: string;
  requestId?: string;
  pipeline?: Pipeline;
  input: JsonValue;
  status: ExecutionStatus;
  /** Without those that were pruned. */
  checkpointCount: number;
  currentStage?: CurrentStage;
  dispatched?: DispatchedStage;
  /** Whether its pipeline stands still until it is resumed. */
  held?: true;
  output?: JsonValue;
  error?: string;
  reason?: string;
  createdAt: string;
  updatedAt: string;
  finishedAt?: string;
  forkedFrom?: ForkOrigin;
  revision: number;
}>;

export type ExecutionQuery = PageQuery & Readonly<{ sessionId?: string; status?: ExecutionStatus }>;

export type NewCheckpoint = Readonly<{
  id?: string;
  agent: string;
  stage: string;
  stageOrder: number;
  state: JsonObject;
  outputs?: JsonValue;
  processing?: readonly JsonObject[];
}>;

/** A checkpoint without its state, as lists have it. */
export type CheckpointSummary = Readonly<{
  id: string;
  executionId: string;
  agent: string;
  stage: string;
  stageOrder: number;
  /** The task whose result it is. */
  taskId?: string;
  createdAt: string;
  revision: number;
  origin?: Origin;
}>;

export type Checkpoint = CheckpointSummary &
  Readonly<{ state: JsonObject; outputs?: JsonValue; processing?: readonly JsonObject[] }>;

export type CheckpointQuery = PageQuery & Readonly<{ at?: number }>;

/** A checkpoint, and what was forked from the execution between it and the next. */
export type TimelineItem = Omit<CheckpointSummary, 'executionId'> &
  Readonly<{ forks: readonly Readonly<{ stream: string; at: number; createdAt: string }>[] }>;

export type Timeline = Page<TimelineItem> &
  Readonly<{
    executionId: string;
    status: ExecutionStatus;
    currentStage?: CurrentStage;
    dispatched?: DispatchedStage;
    /** Whether the pipeline stands still until it is resumed. */
    held?: true;
    /** Whether it is over, and `reason` why. */
    terminal: boolean;
    reason?: string;
  }>;

import type {
  CheckpointSummary,
  CurrentStage,
  ExecutionStatus,
  JsonObject,
  JsonValue,
  Origin,
  Page,
  Written,
} from './types.js';

export type Replay = Readonly<{
  /** Merged into the checkpoint's state (RFC 7396). */
  modifications?: JsonObject;
  reason?: string;
  /** Puts the next stage on its queue at once; the fork stands still otherwise. */
  resume?: boolean;
}>;

export type Replayed = Written &
  Readonly<{
    originalCheckpointId: string;
    /** The fork. */
    executionId: string;
    /** The checkpoint that the fork goes on from: its own if it was modified, else the original. */
    checkpointId: string;
    /** Of the stage that was dispatched. */
    taskId?: string;
  }>;

/** `pruned` is how many checkpoints went. */
export type Pruned = Written & Readonly<{ pruned: number }>;

/** One operation of RFC 6902. */
export type Change =
  | Readonly<{ op: 'add' | 'replace'; path: string; value: JsonValue }>
  | Readonly<{ op: 'remove'; path: string }>;

export type ComparedSide = Readonly<{
  executionId: string;
  status: ExecutionStatus;
  revision: number;
  currentStage?: CurrentStage;
  output?: JsonValue;
  error?: string;
  reason?: string;
}>;

type ComparedCheckpoint = Omit<CheckpointSummary, 'executionId' | 'stageOrder'>;

/** The nth checkpoint of a stage since two executions parted: `a` or `b` is missing where only one has it. */
export type ComparedStage = Readonly<{
  stageOrder: number;
  /** Counted from 1. */
  occurrence: number;
  a?: ComparedCheckpoint;
  b?: ComparedCheckpoint;
  /** What turns a's into b's. */
  state?: readonly Change[];
  outputs?: readonly Change[];
}>;

export type Comparison = Page<ComparedStage> &
  Readonly<{
    /** The last event that both share; null for executions that are not related. */
    common: Origin | null;
    a: ComparedSide;
    b: ComparedSide;
    output: readonly Change[];
  }>;

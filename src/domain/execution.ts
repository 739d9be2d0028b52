import { OrderedMap } from 'immutable';
import { type Decider, type Decision, evolveWith, type Fact, reject } from './decider.js';
import { applyDelta, type Delta, deltaBetween } from './delta.js';
import { fingerprint } from './fingerprint.js';
import { type Origin, originOf, type StreamForked } from './fork.js';
import { isSameJson, type JsonObject, type JsonValue } from './json.js';

// Events. Names and fields are the storage format.

export type Stage = Readonly<{ name: string; agent: string; queue?: string }>;
export type Pipeline = Readonly<{ name: string; stages: readonly Stage[] }>;

type Started = {
  userId: string;
  sessionId?: string;
  requestId?: string;
  pipeline?: Pipeline;
  input: JsonValue;
};

/** What a checkpoint says besides the state. */
export type CheckpointHead = Readonly<{
  checkpointId: string;
  agent: string;
  stage: string;
  stageOrder: number;
  outputs?: JsonValue;
  processing?: readonly JsonObject[];
}>;

/** The state itself, or what changed in it since the checkpoint before. */
export type StoredState = Readonly<{ state: JsonObject } | { stateDelta: Delta }>;

export type ExecutionEvent =
  | Fact<'ExecutionStarted', Started>
  | Fact<'CheckpointSaved', CheckpointHead & StoredState>
  | Fact<'ExecutionCompleted', { output?: JsonValue }>
  | Fact<'ExecutionFailed', { error: string }>
  | Fact<'ExecutionCancelled', { reason?: string }>
  | StreamForked;

// State.

export type ExecutionStatus = 'running' | 'completed' | 'failed' | 'cancelled';
export type SavedCheckpoint = CheckpointHead & Readonly<{ state: JsonObject }>;

export type LiveExecution = Readonly<{
  status: ExecutionStatus;
  userId: string;
  sessionId?: string;
  requestId?: string;
  pipeline?: Pipeline;
  input: JsonValue;
  /** Ids, with the fingerprint of what was saved. */
  checkpoints: OrderedMap<string, string>;
  /** The newest checkpoint, its state in full. */
  latest?: SavedCheckpoint;
  /** How many checkpoints were stored as deltas since the last full state. */
  deltas: number;
  output?: JsonValue;
  error?: string;
  reason?: string;
  forkedFrom?: Origin;
}>;

export type Execution = Readonly<{ status: 'absent' }> | LiveExecution;

// Commands.

export type ExecutionCommand =
  | Readonly<{ type: 'StartExecution' } & Started>
  | Readonly<{ type: 'SaveCheckpoint' } & SavedCheckpoint>
  | Readonly<{ type: 'CompleteExecution'; output?: JsonValue }>
  | Readonly<{ type: 'FailExecution'; error: string }>
  | Readonly<{ type: 'CancelExecution'; reason?: string }>;

export type ExecutionRejection =
  | 'execution-not-found'
  | 'execution-already-exists'
  | 'execution-already-finished'
  | 'checkpoint-already-exists';

type ExecutionDecision = Decision<ExecutionEvent, ExecutionRejection>;

// Rules.

/** A full state is stored at least this often, so that reading one applies at most 31 deltas. */
export const fullStateEvery = 32;

const start = (
  { type: _, ...started }: Extract<ExecutionCommand, { type: 'StartExecution' }>,
  execution: Execution,
): ExecutionDecision => {
  if (execution.status === 'absent') return [{ type: 'ExecutionStarted', data: started }];
  const { userId, sessionId, requestId, pipeline, input } = execution;
  const before = { userId, sessionId, requestId, pipeline, input };
  const same = Object.entries(before).every(([key, value]) =>
    isSameJson(value, started[key as keyof Started]),
  );
  return same ? [] : reject('execution-already-exists');
};

const save = (
  { type: _, state, ...head }: Extract<ExecutionCommand, { type: 'SaveCheckpoint' }>,
  execution: LiveExecution,
): ExecutionDecision => {
  const known = execution.checkpoints.get(head.checkpointId);
  if (known)
    return known === fingerprint({ ...head, state }) ? [] : reject('checkpoint-already-exists');
  if (execution.status !== 'running') return reject('execution-already-finished');
  return [{ type: 'CheckpointSaved', data: { ...head, ...asStored(state, execution) } }];
};

const asStored = (state: JsonObject, { latest, deltas }: LiveExecution): StoredState => {
  if (!latest || deltas + 1 >= fullStateEvery) return { state };
  const stateDelta = deltaBetween(latest.state, state);
  return JSON.stringify(stateDelta).length < JSON.stringify(state).length / 2
    ? { stateDelta }
    : { state };
};

const finish = (
  execution: LiveExecution,
  isSame: boolean,
  event: ExecutionEvent,
): ExecutionDecision => {
  if (execution.status === 'running') return [event];
  return isSame ? [] : reject('execution-already-finished');
};

const decide = (command: ExecutionCommand, execution: Execution): ExecutionDecision => {
  if (command.type === 'StartExecution') return start(command, execution);
  if (execution.status === 'absent') return reject('execution-not-found');
  switch (command.type) {
    case 'SaveCheckpoint':
      return save(command, execution);
    case 'CompleteExecution': {
      const { type: _, ...data } = command;
      const isSame =
        execution.status === 'completed' && isSameJson(execution.output, command.output);
      return finish(execution, isSame, { type: 'ExecutionCompleted', data });
    }
    case 'FailExecution': {
      const isSame = execution.status === 'failed' && execution.error === command.error;
      return finish(execution, isSame, { type: 'ExecutionFailed', data: { error: command.error } });
    }
    case 'CancelExecution': {
      const { type: _, ...data } = command;
      const isSame = execution.status === 'cancelled' && execution.reason === command.reason;
      return finish(execution, isSame, { type: 'ExecutionCancelled', data });
    }
  }
};

// Evolution. Events other than the first mean nothing to an execution that is not there.

const onLive =
  <Data>(change: (execution: LiveExecution, data: Data) => Partial<LiveExecution>) =>
  (execution: Execution, data: Data): Execution =>
    execution.status === 'absent' ? execution : { ...execution, ...change(execution, data) };

/** A checkpoint's state in full, given the one before. */
export const fullState = (stored: StoredState, before: JsonObject | undefined): JsonObject =>
  'state' in stored ? stored.state : applyDelta(before ?? {}, stored.stateDelta);

/** One run of a pipeline for a request, with the states it saved on the way. */
export const execution: Decider<ExecutionCommand, Execution, ExecutionEvent, ExecutionRejection> = {
  category: 'execution',
  initial: { status: 'absent' },
  decide,
  ownerOf: (state) => (state.status === 'absent' ? undefined : state.userId),
  correlationOf: (state) =>
    state.status === 'absent' ? undefined : (state.sessionId ?? state.requestId),
  notFound: 'execution-not-found',
  snapshots: {
    version: 1,
    entries: {
      field: 'checkpoints',
      namedBy: (command) => ('checkpointId' in command ? command.checkpointId : undefined),
      changedBy: ({ data }) => ('checkpointId' in data ? data.checkpointId : undefined),
      begins: ({ type }) => type === 'CheckpointSaved',
    },
  },

  evolve: evolveWith<Execution, ExecutionEvent>({
    ExecutionStarted: (_, data) => ({
      ...data,
      status: 'running',
      checkpoints: OrderedMap(),
      deltas: 0,
    }),
    CheckpointSaved: onLive((execution, data: CheckpointHead & StoredState) => {
      const { checkpointId, agent, stage, stageOrder, outputs, processing } = data;
      const latest: SavedCheckpoint = {
        ...{ checkpointId, agent, stage, stageOrder },
        ...(outputs !== undefined && { outputs }),
        ...(processing !== undefined && { processing }),
        state: fullState(data, execution.latest?.state),
      };
      return {
        checkpoints: execution.checkpoints.set(checkpointId, fingerprint(latest)),
        latest,
        deltas: 'state' in data ? 0 : execution.deltas + 1,
      };
    }),
    ExecutionCompleted: onLive((_, data) => ({ ...data, status: 'completed' as const })),
    ExecutionFailed: onLive((_, data) => ({ ...data, status: 'failed' as const })),
    ExecutionCancelled: onLive((_, data) => ({ ...data, status: 'cancelled' as const })),
    StreamForked: onLive((_, { ancestry }) => {
      const forkedFrom = originOf(ancestry);
      return forkedFrom ? { forkedFrom } : {};
    }),
  }),
};

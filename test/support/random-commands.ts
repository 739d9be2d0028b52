import fc from 'fast-check';
import type { ExecutionCommand } from '../../src/domain/execution.js';
import type { SessionCommand } from '../../src/domain/session.js';
import { jsonObjects } from './json.js';

// Random commands over few ids and few values, so that they meet each other often.

const messageId = fc.constantFrom('m-1', 'm-2', 'm-3');
const content = fc.oneof(
  fc.constantFrom('yes', 'no', ''),
  fc.array(jsonObjects, { minLength: 1, maxLength: 2 }),
);
const metadata = fc.oneof(fc.constant({}), fc.constant({ a: 1 }), jsonObjects);
const title = fc.constantFrom('one', 'two');
const reason = fc.constantFrom('because', '');
const someOf = { requiredKeys: ['type'] as ['type'] };

const createSession: fc.Arbitrary<SessionCommand> = fc.record({
  type: fc.constant('CreateSession'),
  userId: fc.constantFrom('ann', 'ann', 'bob'),
  title,
  mode: fc.constantFrom('interactive', 'background'),
  metadata,
});

const moveSession: fc.Arbitrary<SessionCommand> = fc.oneof(
  fc.record(
    {
      type: fc.constant('MoveSession'),
      status: fc.constantFrom('active', 'processing', 'completed', 'failed'),
      reason,
    },
    { requiredKeys: ['type', 'status'] },
  ),
  fc.record({ type: fc.constantFrom('PauseSession', 'TerminateSession'), reason }, someOf),
  fc.record({ type: fc.constant('ResumeSession') }),
);

const postMessage: fc.Arbitrary<Extract<SessionCommand, { type: 'PostMessage' }>> = fc.record(
  {
    type: fc.constant('PostMessage'),
    messageId,
    role: fc.constantFrom('user', 'user', 'assistant', 'system', 'tool'),
    content,
    name: fc.constant('planner'),
    toolCalls: fc.array(jsonObjects, { maxLength: 1 }),
    toolCallId: fc.constant('call-1'),
    metadata,
  },
  { requiredKeys: ['type', 'messageId', 'role', 'content', 'metadata'] },
);

const editMessage: fc.Arbitrary<SessionCommand> = fc.record({
  type: fc.constant('EditMessage'),
  messageId,
  content,
});
const deleteMessage: fc.Arbitrary<SessionCommand> = fc.record({
  type: fc.constant('DeleteMessage'),
  messageId,
});

/** Any command on a session. */
export const sessionCommands: fc.Arbitrary<SessionCommand> = fc.oneof(
  createSession,
  { weight: 3, arbitrary: moveSession },
  { weight: 3, arbitrary: postMessage },
  editMessage,
  deleteMessage,
  fc.record(
    { type: fc.constant('ChangeSession'), title, archived: fc.boolean(), metadata },
    someOf,
  ),
  fc.record({ type: fc.constantFrom('DeleteSession', 'RestoreSession') }),
);

/** Commands that begin with a session's creation, as those of real sessions do. */
export const sessionLives: fc.Arbitrary<readonly SessionCommand[]> = fc
  .tuple(createSession, fc.array(sessionCommands, { maxLength: 30, size: 'max' }))
  .map(([create, others]) => [create, ...others]);

const renameSession: fc.Arbitrary<SessionCommand> = fc.record({
  type: fc.constant('ChangeSession'),
  title,
});

/** Only what users say can be edited. */
const postQuestion = postMessage.map((post): SessionCommand => ({ ...post, role: 'user' }));

/** Commands of sessions in which messages are edited time and again. Few end. */
export const editedSessions = {
  life: fc
    .tuple(
      createSession,
      fc.array(fc.oneof(postQuestion, { weight: 3, arbitrary: editMessage }, renameSession), {
        minLength: 20,
        maxLength: 40,
        size: 'max',
      }),
    )
    .map(([create, others]): readonly SessionCommand[] => [create, ...others]),
  command: fc.oneof(
    { weight: 4, arbitrary: postQuestion },
    { weight: 12, arbitrary: editMessage },
    { weight: 2, arbitrary: renameSession },
    deleteMessage,
    sessionCommands,
  ),
};

/** A run's state: much that stays, a little that changes, and sometimes something else altogether. */
const runState = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.nat(9), jsonObjects)
      .map(([step, found]) => ({ notes: 'x'.repeat(400), step, found })),
  },
  jsonObjects,
);

const saveCheckpoint: fc.Arbitrary<ExecutionCommand> = fc.record(
  {
    type: fc.constant('SaveCheckpoint'),
    checkpointId: fc.nat(150).map((n) => `c-${n}`),
    agent: fc.constantFrom('planner', 'writer'),
    stage: fc.constantFrom('plan', 'write'),
    stageOrder: fc.nat(1),
    state: runState,
    outputs: jsonObjects,
    processing: fc.array(jsonObjects, { maxLength: 1 }),
  },
  { requiredKeys: ['type', 'checkpointId', 'agent', 'stage', 'stageOrder', 'state'] },
);

const stage = fc.record(
  {
    name: fc.constantFrom('plan', 'write'),
    agent: fc.constantFrom('planner', 'writer'),
    queue: fc.constant('llm'),
  },
  { requiredKeys: ['name', 'agent'] },
);

const startExecution: fc.Arbitrary<ExecutionCommand> = fc.record(
  {
    type: fc.constant('StartExecution'),
    userId: fc.constant('ann'),
    sessionId: fc.constant('s-1'),
    requestId: fc.constant('r-1'),
    pipeline: fc.record({ name: fc.constant('p'), stages: fc.array(stage, { maxLength: 3 }) }),
    held: fc.constant(true as const),
    input: fc.oneof(fc.constant(null), jsonObjects),
  },
  { requiredKeys: ['type', 'userId', 'input'] },
);

const taskId = fc.constantFrom('t-1', 't-2');

/** What the pipeline asks for on its own, late and early, and what somebody asks of it. */
const movePipeline: fc.Arbitrary<ExecutionCommand> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant('AdvancePipeline'), taskId }) },
  fc.record({ type: fc.constant('ResumeExecution'), taskId }),
  {
    weight: 3,
    arbitrary: fc.record(
      {
        type: fc.constant('FinishStage'),
        taskId,
        checkpointId: fc.nat(150).map((n) => `c-${n}`),
        result: fc.oneof(jsonObjects, fc.record({ state: runState, outputs: jsonObjects })),
      },
      { requiredKeys: ['type', 'taskId', 'checkpointId'] },
    ),
  },
);

const endStage: fc.Arbitrary<ExecutionCommand> = fc.oneof(
  fc.record({ type: fc.constant('FailStage'), taskId, error: reason }),
  fc.record(
    { type: fc.constant('CancelStage'), taskId, reason },
    { requiredKeys: ['type', 'taskId'] },
  ),
);

const pruneCheckpoints: fc.Arbitrary<ExecutionCommand> = fc
  .nat(60)
  .map((through) => ({ type: 'PruneCheckpoints', through, total: Math.ceil(through / 2) }));

const endExecution: fc.Arbitrary<ExecutionCommand> = fc.oneof(
  fc.record({ type: fc.constant('CompleteExecution'), output: jsonObjects }, someOf),
  fc.record({ type: fc.constant('FailExecution'), error: reason }),
  fc.record({ type: fc.constant('CancelExecution'), reason }, someOf),
);

/** Any command on an execution. */
export const executionCommands: fc.Arbitrary<ExecutionCommand> = fc.oneof(
  startExecution,
  endExecution,
  endStage,
  pruneCheckpoints,
  { weight: 4, arbitrary: movePipeline },
  { weight: 10, arbitrary: saveCheckpoint },
);

/** Commands of a run that is mostly moved by its pipeline. */
export const pipelineLives: fc.Arbitrary<readonly ExecutionCommand[]> = fc
  .tuple(
    fc.record(
      {
        ...{ type: fc.constant('StartExecution'), userId: fc.constant('ann') },
        ...{ input: fc.constant(null), held: fc.constant(true as const) },
        pipeline: fc.record({
          name: fc.constant('p'),
          stages: fc.array(stage, { minLength: 1, maxLength: 4 }),
        }),
      },
      { requiredKeys: ['type', 'userId', 'input', 'pipeline'] },
    ),
    fc.array(fc.oneof({ weight: 6, arbitrary: movePipeline }, saveCheckpoint, endStage), {
      maxLength: 30,
      size: 'max',
    }),
  )
  .map(([start, others]) => [start, ...others]);

/** Commands of one run: it starts, saves many checkpoints, and ends towards the end if at all. */
export const executionLives: fc.Arbitrary<readonly ExecutionCommand[]> = fc
  .tuple(
    startExecution,
    fc.array(saveCheckpoint, { minLength: 40, maxLength: 80 }),
    fc.array(executionCommands, { maxLength: 10, size: 'max' }),
  )
  .map(([start, saves, others]) => [start, ...saves, ...others]);

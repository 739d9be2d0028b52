import type { Fact } from '../src/domain/decider.js';
import {
  type CheckpointHead,
  type ExecutionEvent,
  type ExecutionStatus,
  hasQueues,
  type Pipeline,
  type StageTask,
} from '../src/domain/execution.js';
import { adoptionIn, detached } from '../src/domain/fork.js';
import type { JsonValue } from '../src/domain/json.js';
import { withFields } from '../src/fields.js';
import type { Projected, Projection } from '../src/projecting/projection.js';
import { createdAs, type Descent, descentOf, type OpenSpan } from './descent.js';

type CurrentStage = Readonly<{ stage: string; agent: string; stageOrder: number }>;

/** The stage that a task carries out. */
export type DispatchedStage = CurrentStage & Readonly<{ taskId: string; dispatchedAt: string }>;

export type ExecutionDocument = Readonly<{
  stream: string;
  id: string;
  userId: string;
  sessionId?: string;
  requestId?: string;
  pipeline?: Pipeline;
  input: JsonValue;
  status: ExecutionStatus;
  /** Without those that were pruned. */
  checkpointCount: number;
  /** That of the newest checkpoint. */
  currentStage?: CurrentStage;
  dispatched?: DispatchedStage;
  /** Whether the pipeline stands still until it is resumed. */
  held?: true;
  output?: JsonValue;
  error?: string;
  reason?: string;
  createdAt: string;
  updatedAt: string;
  finishedAt?: string;
  revision: number;
}> &
  OpenSpan &
  Partial<Descent>;

/** Applies a change, and what every event changes: when and where the execution last moved. */
const changed =
  <Event extends Fact>(
    change: (document: ExecutionDocument, event: Projected<Event>) => ExecutionDocument,
  ) =>
  (document: ExecutionDocument | undefined, event: Projected<Event>) =>
    document &&
    withFields(change(document, event), { updatedAt: event.created, revision: event.revision });

const finished = (status: ExecutionStatus) =>
  changed((document, { data, created, position }: Projected<Fact<string, object>>) =>
    withFields(withoutTask(document), data, {
      status,
      finishedAt: created,
      settledPosition: position,
    }),
  );

const withoutTask = ({ dispatched: _, ...document }: ExecutionDocument): ExecutionDocument =>
  document;

const isDispatching = ({ status, pipeline }: ExecutionDocument): boolean =>
  status === 'running' && hasQueues(pipeline);

/** One document an execution: what lists of executions show. */
export const executions: Projection<ExecutionDocument, ExecutionEvent> = {
  name: 'executions',
  version: 3,
  category: 'execution',
  inherits: true,
  indexes: [
    { key: { userId: 1, updatedAt: -1, _id: -1 } },
    { key: { sessionId: 1, updatedAt: -1, _id: -1 } },
    { key: { updatedAt: -1, _id: -1 } },
    { key: { sessionId: 1, settledPosition: 1, createdPosition: 1 } },
    { key: { stream: 1 } },
  ],
  key: (event) => event.stream,
  begins: ({ type }) => type === 'StreamForked' || type === 'ExecutionStarted',
  on: {
    ExecutionStarted: (_, { data, stream, created, revision, position }) => ({
      stream,
      id: idOf(stream),
      ...data,
      status: 'running',
      checkpointCount: 0,
      createdAt: created,
      updatedAt: created,
      createdPosition: position,
      revision,
    }),
    CheckpointSaved: changed((document, { data }) =>
      withFields(isResultFor(document, data) ? withoutTask(document) : document, {
        checkpointCount: document.checkpointCount + 1,
        currentStage: stageOf(data),
      }),
    ),
    StageDispatched: changed(({ held: _, ...document }, event) =>
      withFields(document, { dispatched: dispatchedIn(document, event) }),
    ),
    StageFinished: changed((document) => withoutTask(document)),
    CheckpointsPruned: changed((document, { data }) =>
      withFields(document, { checkpointCount: document.checkpointCount - data.count }),
    ),
    ExecutionCompleted: finished('completed'),
    ExecutionFailed: finished('failed'),
    ExecutionCancelled: finished('cancelled'),
    StreamDetached: changed((document) => withFields(document, detached(document))),
    StreamForked: (_, event) => {
      const { data, stream, created, revision } = event;
      // What an ancestor of an execution was is an execution's document; its task is not the fork's.
      const ancestor = event.inherited as ExecutionDocument | undefined;
      return (
        ancestor && {
          ...withoutTask(ancestor),
          ...(isDispatching(ancestor) && { held: true as const }),
          ...adoptionIn(data),
          stream,
          id: idOf(stream),
          createdAt: created,
          updatedAt: created,
          revision,
          ...createdAs(event),
          ...descentOf(data.ancestry),
        }
      );
    },
  },
};

const idOf = (stream: string): string => stream.slice('execution-'.length);

const dispatchedIn = (
  { pipeline }: Pick<ExecutionDocument, 'pipeline'>,
  { data: { stage, stageOrder, taskId }, created }: Projected<Fact<string, StageTask>>,
): DispatchedStage => {
  const agent = pipeline?.stages[stageOrder]?.agent ?? stage;
  return { stage, agent, stageOrder, taskId, dispatchedAt: created };
};

const isResultFor = ({ dispatched }: ExecutionDocument, { taskId }: CheckpointHead): boolean =>
  taskId !== undefined && dispatched?.taskId === taskId;

const stageOf = ({ stage, agent, stageOrder }: CheckpointHead): CurrentStage => ({
  stage,
  agent,
  stageOrder,
});

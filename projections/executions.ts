import type { Fact } from '../src/domain/decider.js';
import type {
  CheckpointHead,
  ExecutionEvent,
  ExecutionStatus,
  Pipeline,
} from '../src/domain/execution.js';
import type { JsonValue } from '../src/domain/json.js';
import type { Projected, Projection } from '../src/projecting/projection.js';
import { type Descent, descentOf } from './descent.js';

type CurrentStage = Readonly<{ stage: string; agent: string; stageOrder: number }>;

export type ExecutionDocument = Readonly<{
  stream: string;
  id: string;
  userId: string;
  sessionId?: string;
  requestId?: string;
  pipeline?: Pipeline;
  input: JsonValue;
  status: ExecutionStatus;
  checkpointCount: number;
  /** That of the newest checkpoint. */
  currentStage?: CurrentStage;
  output?: JsonValue;
  error?: string;
  reason?: string;
  createdAt: string;
  updatedAt: string;
  finishedAt?: string;
  revision: number;
}> &
  Partial<Descent>;

/** Applies a change, and what every event changes: when and where the execution last moved. */
const changed =
  <Event extends Fact>(
    change: (document: ExecutionDocument, event: Projected<Event>) => Partial<ExecutionDocument>,
  ) =>
  (document: ExecutionDocument | undefined, event: Projected<Event>) =>
    document && {
      ...document,
      ...change(document, event),
      updatedAt: event.created,
      revision: event.revision,
    };

const finished = (status: ExecutionStatus) =>
  changed((_, { data, created }: Projected<Fact<string, object>>) => ({
    ...data,
    status,
    finishedAt: created,
  }));

/** One document an execution: what lists of executions show. */
export const executions: Projection<ExecutionDocument, ExecutionEvent> = {
  name: 'executions',
  version: 1,
  category: 'execution',
  inherits: true,
  indexes: [
    { key: { userId: 1, updatedAt: -1, _id: -1 } },
    { key: { sessionId: 1, updatedAt: -1, _id: -1 } },
    { key: { updatedAt: -1, _id: -1 } },
    { key: { stream: 1 } },
  ],
  key: (event) => event.stream,
  begins: ({ type }) => type === 'StreamForked' || type === 'ExecutionStarted',
  on: {
    ExecutionStarted: (_, { data, stream, created, revision }) => ({
      stream,
      id: idOf(stream),
      ...data,
      status: 'running',
      checkpointCount: 0,
      createdAt: created,
      updatedAt: created,
      revision,
    }),
    CheckpointSaved: changed(({ checkpointCount }, { data }) => ({
      checkpointCount: checkpointCount + 1,
      currentStage: stageOf(data),
    })),
    ExecutionCompleted: finished('completed'),
    ExecutionFailed: finished('failed'),
    ExecutionCancelled: finished('cancelled'),
    StreamForked: (_, { data, inherited, stream, created, revision }) =>
      inherited && {
        // What an ancestor of an execution was is an execution's document.
        ...(inherited as ExecutionDocument),
        stream,
        id: idOf(stream),
        createdAt: created,
        updatedAt: created,
        ...descentOf(data.ancestry),
        revision,
      },
  },
};

const idOf = (stream: string): string => stream.slice('execution-'.length);

const stageOf = ({ stage, agent, stageOrder }: CheckpointHead): CurrentStage => ({
  stage,
  agent,
  stageOrder,
});

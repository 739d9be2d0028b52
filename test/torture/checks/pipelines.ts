import type { StoredEvent } from '../../../src/eventstore/event-store.js';
import type { History } from '../history.js';
import { type Finding, findingOf } from './finding.js';

type Data = Readonly<{ taskId?: string; stageOrder?: number }>;

const dataOf = ({ data }: StoredEvent): Data => data as Data;
const ends = new Set(['ExecutionCompleted', 'ExecutionFailed', 'ExecutionCancelled']);

/** Each stage is put on its queue once, what comes of its task is taken once, and an execution ends once. */
export const checkPipelines = ({ streams }: History): readonly Finding[] => {
  const stages = findingOf('stages are dispatched once and their results taken once');
  const endings = findingOf('executions end once');

  for (const [stream, own] of streams) {
    if (!stream.startsWith('execution-')) continue;
    endings.look();
    const [first, second] = own.filter(({ type }) => ends.has(type));
    if (first && second)
      endings.broken(
        `${stream}@${second.revision} ${second.type}`,
        `it ended at ${first.revision}`,
      );
    const named = (type: string) => own.filter((event) => event.type === type);
    const dispatched = named('StageDispatched');
    for (const event of dispatched) {
      stages.look();
      const where = `${stream}@${event.revision} StageDispatched`;
      const { taskId = '' } = dataOf(event);
      if (dispatched.filter((each) => dataOf(each).taskId === taskId).length > 1)
        stages.broken(where, `task ${taskId} was dispatched twice`);
      const task = streams.get(`task-${taskId}`) ?? [];
      const results = [...named('CheckpointSaved'), ...named('StageFinished')].filter(
        (each) => dataOf(each).taskId === taskId,
      );
      if (results.length > 1) stages.broken(where, `its result was taken ${results.length} times`);
      const isCompleted = task.some(({ type }) => type === 'TaskCompleted');
      if (results.length > 0 && !isCompleted)
        stages.broken(where, `a result was taken of task ${taskId}, which was not completed`);
      if (isCompleted && results.length === 0 && !first)
        stages.broken(where, `the result of task ${taskId} was never taken`);
      if (task.length === 0 && !first) stages.broken(where, `task ${taskId} was never submitted`);
    }
  }
  return [stages.done(), endings.done()];
};

import { charactersOf, isRefused, mostCharacters, mostItems, settledIn } from './bulk.js';
import { ForklineError } from './forkline-error.js';
import { newId } from './new-id.js';
import { type Settled, sentTogether } from './sent-together.js';
import type { BulkAnswer, NewTask } from './task-types.js';
import type { Transport, WriteOptions } from './transport.js';
import type { Written } from './types.js';

type NamedTask = NewTask & Readonly<{ id: string }>;

/** Submitted again, a task with an id is the same task: it needs no key to be repeated. */
const isRepeatable = true;

const settled = async (submitting: Promise<Written>): Promise<Settled<Written>> =>
  submitting.then(
    (answer) => ({ answer }),
    (error: unknown) => ({ error }),
  );

/** Submits tasks, together with others that are submitted meanwhile. */
export const submissionOver = (http: Transport) => {
  const one = (task: NamedTask): Promise<Written> =>
    http.write('POST', '/v1/tasks', task, {}, { isRepeatable });
  const each = (tasks: readonly NamedTask[]): Promise<readonly Settled<Written>[]> =>
    Promise.all(tasks.map((task) => settled(one(task))));

  const many = async (tasks: readonly NamedTask[]): Promise<readonly Settled<Written>[]> => {
    try {
      const answer = await http.write<BulkAnswer>('POST', '/v1/tasks', tasks, {}, { isRepeatable });
      const outcomes = settledIn(answer);
      // What could not be done for now is asked for by itself, which is patient.
      return await Promise.all(
        outcomes.map((outcome, index) => {
          const task = tasks[index];
          const isPassing =
            'error' in outcome &&
            outcome.error instanceof ForklineError &&
            outcome.error.status === 503;
          return isPassing && task ? settled(one(task)) : outcome;
        }),
      );
    } catch (error) {
      if (!isRefused(error)) throw error;
      return each(tasks);
    }
  };

  const together = sentTogether<NamedTask, Written>({
    send: (tasks) => (tasks.length > 1 ? many(tasks) : each(tasks)),
    ...{ most: mostItems, mostSize: mostCharacters, sizeOf: charactersOf },
  });

  return (task: NewTask, options?: WriteOptions): Promise<Written> =>
    options === undefined
      ? together({ ...task, id: task.id ?? newId() })
      : http.write('POST', '/v1/tasks', task, options);
};

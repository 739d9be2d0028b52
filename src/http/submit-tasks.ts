import { eventId } from '../commands/event-id.js';
import type { Outcome } from '../commands/request.js';
import { given, withFields } from '../fields.js';
import { carriedOut, creating, written } from './answers.js';
import { type Belonging, belongingOf, type Named } from './belonging.js';
import { type BulkOutcome, bulkAnswer, eachOf } from './bulk.js';
import type { RequestContext } from './context.js';
import { derivedId } from './derived-id.js';
import type { FamilyGate } from './family-gate.js';
import { Problem } from './problem.js';
import type { Answer } from './route.js';
import type { NewTask } from './routes/task-schema.js';
import type { Services } from './services.js';

const path = '/v1/tasks';

/** Puts tasks in their queues: one, or many of which each has an outcome of its own. */
export const taskSubmission = (
  { tasks, streams, clock }: Pick<Services, 'tasks' | 'streams' | 'clock'>,
  gate: FamilyGate,
) => {
  const submit = async (
    { id: named, ...fields }: NewTask,
    belonging: Belonging,
    { command, newId }: Pick<RequestContext, 'command' | 'newId'>,
  ): Promise<Outcome> => {
    const id = named ?? newId;
    const { sessionId: _, executionId: __, ...task } = fields;
    const submitted = withFields(given(task), belonging);
    const at = new Date(clock.now()).toISOString();
    const outcome = await creating(
      `task-${id}`,
      'task-already-exists',
      tasks(id, [{ type: 'SubmitTask', submitted, at }], withFields(command, { isNew: true })),
    );
    // Somebody else's task has the id.
    if ('rejected' in outcome && outcome.rejected === 'task-not-found')
      throw new Problem('task-already-exists');
    return carriedOut(outcome);
  };

  /** Does work for what tasks belong to, while nobody deletes that for good. */
  const within = async <Result extends object>(
    named: Named,
    { caller }: RequestContext,
    work: (belonging: Promise<Belonging>) => Promise<Result>,
  ): Promise<Result> => {
    const find = () => belongingOf(streams, caller, named);
    // What is wrong with it, the work meets again.
    const { sessionId } = named.executionId === undefined ? named : await find().catch(() => named);
    return sessionId === undefined ? work(find()) : gate.add(sessionId, () => work(find()));
  };

  const one = async (task: NewTask, context: RequestContext): Promise<Answer> => {
    const outcome = await within(task, context, async (belonging) =>
      submit(task, await belonging, context),
    );
    return written(outcome, { created: `${path}/${outcome.id}` });
  };

  /** @returns what came of each, by its place in the request */
  const family = async (
    asked: readonly Place[],
    context: RequestContext,
  ): Promise<readonly (readonly [number, BulkOutcome])[]> => {
    const { ifRevision: _, ...command } = context.command;
    const { outcomes } = await within(asked[0]?.task ?? {}, context, async (belonging) => {
      // A refusal is the outcome of each.
      belonging.catch(() => {});
      let position = 0;
      const outcomes = await eachOf(asked, context, path, async ({ task, index }) => {
        const outcome = await submit(task, await belonging, {
          command: withFields(command, { commandId: eventId(command.commandId, index) }),
          newId: derivedId(context.newId, index),
        });
        position = Math.max(position, outcome.position);
        return written(outcome, { created: `${path}/${outcome.id}` });
      });
      return { outcomes, position };
    });
    return asked.flatMap(({ index }, place) => {
      const outcome = outcomes[place];
      return outcome ? [[index, outcome] as const] : [];
    });
  };

  const many = async (asked: readonly NewTask[], context: RequestContext): Promise<Answer> => {
    const families = new Map<string, Place[]>();
    for (const [index, task] of asked.entries()) {
      const name = JSON.stringify([task.sessionId, task.executionId]);
      families.set(name, [...(families.get(name) ?? []), { task, index }]);
    }
    const parts = [...families.values()].map((part) => family(part, context));
    const outcomes = (await Promise.all(parts)).flat().sort(([a], [b]) => a - b);
    return bulkAnswer(outcomes.map(([_, outcome]) => outcome));
  };

  return { one, many };
};

/** A task, and its place in the request. */
type Place = Readonly<{ task: NewTask; index: number }>;

import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { queues } from '../../projections/queues.js';
import { type TaskDocument, tasks } from '../../projections/tasks.js';
import { type LiveTask, type TaskCommand, task } from '../../src/domain/task.js';
import type { Projected } from '../../src/projecting/projection.js';
import { carryOut } from '../support/carry-out.js';
import { taskLives } from '../support/random-tasks.js';
import { eventsOf, project } from './support/project.js';

const runs = { numRuns: 100 };
const lives = fc.array(taskLives, { minLength: 1, maxLength: 4 });
const owners = ['ann', 'bob'] as const;
const statuses = ['ready', 'delayed', 'running', 'completed', 'dead', 'cancelled'] as const;

type Told = Readonly<{ state: LiveTask; userId: string; events: readonly Projected[] }>;

/** What happened to several tasks, of two users in turn. */
const told = (all: readonly (readonly TaskCommand[])[]): readonly Told[] => {
  let position = 1;
  return all.map((commands, index) => {
    const steps = carryOut(task, commands);
    const userId = owners[index % owners.length]!;
    const facts = steps.flatMap(({ events }) => events);
    const events = eventsOf(`task-${index}`, facts, { position }).map((event) => ({
      ...event,
      metadata: { ...event.metadata, ownerId: userId },
    }));
    position += facts.length;
    // Every life begins with a submission.
    return { state: steps.at(-1)!.after as LiveTask, userId, events };
  });
};

it('the documents of tasks say what the states of the tasks are', () =>
  fc.assert(
    fc.property(lives, (all) => {
      const stories = told(all);
      const documents = project(
        tasks,
        stories.flatMap(({ events }) => events),
      ) as readonly TaskDocument[];
      for (const [index, { state, events }] of stories.entries()) {
        const { lease, progress, ...shown } = state;
        const isRunning = state.status === 'running';
        const readied = events.findLast(({ type, data }) =>
          type === 'TaskAttemptFailed' || type === 'TaskLeaseExpired'
            ? !('retryAt' in data || 'final' in data)
            : ['TaskSubmitted', 'TaskBecameDue', 'TaskRetried'].includes(type),
        );
        expect(documents[index]).toMatchObject({
          ...shown,
          ...(isRunning && { workerId: lease!.workerId, leaseExpiresAt: lease!.expiresAt }),
          ...(state.status === 'ready' && { readyPosition: readied!.position }),
          ...(progress && { progress: { percent: progress.percent } }),
          revision: events.at(-1)!.revision,
        });
        expect('readyPosition' in documents[index]!).toBe(state.status === 'ready');
        expect('leaseExpiresAt' in documents[index]!).toBe(isRunning);
        expect('dueAt' in documents[index]!).toBe(state.status === 'delayed');
        expect(JSON.stringify(documents[index])).not.toMatch(/"token-/);
      }
    }),
    runs,
  ));

it('the numbers of queues are how many tasks are in each status', () =>
  fc.assert(
    fc.property(lives, (all) => {
      const stories = told(all);
      const events = stories.flatMap((story) => story.events);
      const documents = project(queues, events) as readonly Record<string, unknown>[];
      for (const document of documents) {
        const own = stories.filter(
          ({ state, userId }) => userId === document.userId && state.queue === document.queue,
        );
        for (const status of statuses)
          expect([status, document[status]]).toStrictEqual([
            status,
            own.filter(({ state }) => state.status === status).length,
          ]);
        const unsuccessful = ['TaskAttemptFailed', 'TaskLeaseExpired'];
        expect(document.failed).toBe(
          own.flatMap((story) => story.events).filter(({ type }) => unsuccessful.includes(type))
            .length,
        );
      }
      const names = new Set(stories.map(({ userId, state }) => `${userId} ${state.queue}`));
      expect(documents).toHaveLength(names.size);
    }),
    runs,
  ));

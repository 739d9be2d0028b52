import type { Fact } from '../src/domain/decider.js';
import type { InterruptEvent } from '../src/domain/interrupt.js';
import type { TaskEvent } from '../src/domain/task.js';
import type { Moment } from '../src/domain/time.js';
import type { Projected, Projection } from '../src/projecting/projection.js';

/** What an interrupt or a task waits for. Once that is settled the document stays, without a moment. */
export type DeadlineDocument = Readonly<{
  stream: string;
  kind: 'interrupt' | 'task';
  /** The moment it waits for, while it does. */
  dueAt?: Moment;
  /** Of the event that said so: what tells this deadline from others of the stream. */
  revision: number;
}>;

type On<Event extends Fact> = (
  document: DeadlineDocument | undefined,
  event: Projected<Event>,
) => DeadlineDocument | undefined;

/** Waits until a moment that the event names, or for nothing if it names none. */
const until =
  <Event extends Fact>(momentIn: (data: Event['data']) => Moment | undefined): On<Event> =>
  (document, { stream, revision, data }) => {
    const dueAt = momentIn(data);
    const kind = stream.startsWith('task-') ? 'task' : 'interrupt';
    if (dueAt !== undefined) return { stream, kind, dueAt, revision };
    // Removed, it could be brought back by a node that is behind and then dies.
    return document && { stream, kind, revision };
  };

const nothing: On<Fact> = until(() => undefined);

/** One document a stream that waits for a moment: until when. A fork has no deadline from its past. */
export const deadlines: Projection<DeadlineDocument, InterruptEvent | TaskEvent> = {
  name: 'deadlines',
  version: 1,
  indexes: [{ key: { dueAt: 1, _id: 1 } }, { key: { stream: 1 } }],
  key: (event) => event.stream,
  begins: ({ type }) =>
    type === 'InterruptRaised' || type === 'TaskSubmitted' || type === 'StreamForked',
  on: {
    InterruptRaised: until(({ expiresAt }) => expiresAt),
    StreamForked: until(({ expiresAt }) => expiresAt),
    InterruptResolved: nothing,
    InterruptCancelled: nothing,
    InterruptExpired: nothing,
    TaskSubmitted: until(({ delayed, notBefore }) => (delayed ? notBefore : undefined)),
    TaskBecameDue: nothing,
    TaskClaimed: until(({ leaseExpiresAt }) => leaseExpiresAt),
    TaskLeaseExtended: until(({ leaseExpiresAt }) => leaseExpiresAt),
    TaskCompleted: nothing,
    TaskAttemptFailed: until(({ retryAt }) => retryAt),
    TaskLeaseExpired: until(({ retryAt }) => retryAt),
    TaskDeadLettered: nothing,
    TaskRetried: nothing,
    TaskCancelled: nothing,
  },
};

/**
 * What a stream waits for after one of its events, as the read model will show it: null for nothing,
 * undefined when the event does not say.
 */
export const deadlineIn = (
  event: Projected<Fact>,
): (DeadlineDocument & Readonly<{ dueAt: Moment }>) | null | undefined => {
  const on = deadlines.on as Readonly<Record<string, On<Fact> | undefined>>;
  const change = on[event.type];
  if (!change) return undefined;
  const { dueAt, ...document } = change(undefined, event) ?? {};
  return dueAt === undefined
    ? null
    : ({ ...document, dueAt } as DeadlineDocument & { dueAt: Moment });
};

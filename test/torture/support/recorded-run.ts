import { eventId } from '../../../src/commands/event-id.js';
import { archiveOf } from '../../../src/domain/archive.js';
import { toArchived } from '../../../src/eventstore/archived.js';
import type { StoredEvent } from '../../../src/eventstore/event-store.js';
import type { Recorded } from '../check.js';
import { historyFrom } from '../history.js';
import type { LogLine } from '../log-lines.js';

// A run in which everything went well, made by hand: one of everything that the checks look at. Tests
// break one thing in it at a time.

const began = Date.parse('2026-11-21T10:00:00.000Z');
const at = (seconds: number): string => new Date(began + seconds * 1_000).toISOString();
const user = 'user-0';
const session = 'a3c0de00-0000-4000-8000-000000000001';
const uuid = (n: number): string => `c0ffee00-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** Mutable, so that a test can break it. */
export type Breakable = {
  events: StoredEvent[];
  log: LogLine[];
  deliveries: { _id: string; webhookId: string; status: string; event: { id: string } }[];
};

type Added = Readonly<{ type: string; data?: object; requestId?: string; base?: number }>;

export const recordedRun = (): Breakable => {
  const events: StoredEvent[] = [];
  const log: LogLine[] = [];
  let commands = 0;

  /** Adds events to a stream as one command does. */
  const add = (stream: string, seconds: number, ...added: readonly Added[]): StoredEvent[] => {
    const commandId = uuid(++commands);
    const own = events.filter((event) => event.stream === stream);
    const base = added[0]?.base ?? own[0]?.metadata.base;
    const made = added.map(({ type, data = {}, requestId = 'by-itself' }, index): StoredEvent => {
      return {
        ...{ id: eventId(commandId, index), type, data, stream },
        revision: (base ?? 0) + own.length + index,
        position: 10 * (events.length + index + 1),
        created: at(seconds),
        size: 0,
        metadata: {
          ...{ $correlationId: session, $causationId: commandId, commandId, requestId },
          ...{ userId: user, ownerId: user, schemaVersion: 1 },
          ...(base !== undefined && { base }),
        },
      };
    });
    events.push(...made);
    return made;
  };

  const intend = (id: string, kind: string, more: Partial<Extract<LogLine, { log: 'intent' }>>) =>
    log.push({ log: 'intent', id, client: 'c', kind, events: [1, 1], needs: [], ...more });
  const acknowledge = (id: string, { stream, revision, position }: StoredEvent) =>
    log.push({
      ...{ log: 'acknowledged', id, attempts: 1 },
      places: [{ stream, revision, position: `${position}` }],
    });

  // Commands: a session, a message that was acknowledged, one that was refused and one of which nobody knows.
  const stream = `session-${session}`;
  intend('c-1', 'session.create', { makes: stream });
  const [created] = add(stream, 0, { type: 'SessionCreated', requestId: 'c-1' });
  acknowledge('c-1', created as StoredEvent);
  intend('c-2', 'message.post', { needs: [stream] });
  const [posted] = add(stream, 1, { type: 'MessagePosted', requestId: 'c-2' });
  acknowledge('c-2', posted as StoredEvent);
  log.push({ log: 'read', id: 'c-2', found: true, detail: '' });
  intend('c-3', 'session.resume', { events: [0, 1], needs: [stream] });
  log.push({ log: 'refused', id: 'c-3', status: 409, code: 'session-not-paused', attempts: 1 });
  intend('c-4', 'fork.amended', { events: [2, 2], needs: [stream] });
  log.push({ log: 'unknown', id: 'c-4', why: 'unreachable', attempts: 9 });

  // A fork at revision 1, which is read and then detached.
  const fork = `session-${uuid(100)}`;
  const forked = { ancestry: [{ stream, through: 1 }], scope: 'stream' };
  const forks = { stream, at: 1 };
  intend('c-5', 'fork', { needs: [stream], makes: fork, forks });
  const [begun] = add(fork, 2, { type: 'StreamForked', data: forked, requestId: 'c-5', base: 2 });
  acknowledge('c-5', begun as StoredEvent);
  const inherited = [created, posted] as StoredEvent[];
  log.push({ log: 'fork-read', fork, through: 1, ids: inherited.map(({ id }) => id) });
  for (const [index, event] of inherited.entries())
    events.push({
      ...toArchived(event, fork),
      ...{ stream: archiveOf(fork), revision: index, created: at(3), size: 0 },
      position: 10 * (events.length + 1),
    });
  add(fork, 3, { type: 'StreamDetached' });

  // A task that is delayed, claimed, given back, claimed again and completed; it is a stage's.
  const execution = `execution-${uuid(200)}`;
  const task = uuid(201);
  const queue = 'work';
  add(execution, 4, { type: 'ExecutionStarted' });
  add(execution, 4, { type: 'StageDispatched', data: { taskId: task, stageOrder: 0 } });
  const submitted = { delayed: true, notBefore: at(5), queue };
  add(`task-${task}`, 4, { type: 'TaskSubmitted', data: submitted });
  add(`task-${task}`, 5, { type: 'TaskBecameDue', data: { queue } });
  const claim = (attempt: number, workerId: string, until: number) => ({
    type: 'TaskClaimed',
    data: { attempt, workerId, leaseToken: `token-${attempt}`, leaseExpiresAt: at(until), queue },
  });
  add(`task-${task}`, 6, claim(1, 'worker-a', 9));
  const expired = { workerId: 'worker-a', reason: 'lease-expired', queue };
  add(`task-${task}`, 9, { type: 'TaskLeaseExpired', data: expired });
  add(`task-${task}`, 10, claim(2, 'worker-b', 13));
  add(`task-${task}`, 11, { type: 'TaskCompleted', data: { workerId: 'worker-b', queue } });
  log.push({ log: 'completed', worker: 'worker-b', task, leaseToken: 'token-2' });
  add(execution, 12, { type: 'CheckpointSaved', data: { taskId: task } });
  add(execution, 12, { type: 'ExecutionCompleted' });

  // An interrupt that expires.
  const interrupt = `interrupt-${uuid(300)}`;
  add(interrupt, 13, {
    type: 'InterruptRaised',
    data: { expiresAt: at(15), topic: 'interrupt.x' },
  });
  add(interrupt, 15, { type: 'InterruptExpired' });

  // A webhook, and one event that it was told of.
  const webhook = uuid(400);
  const registered = { userId: user, topics: ['chat.*'] };
  add(`webhook-${webhook}`, 16, { type: 'WebhookRegistered', data: registered });
  const [told] = add(stream, 17, { type: 'MessagePosted' });
  const event = { id: told?.id ?? '' };
  const delivery = { webhook, delivery: 'msg_1', event: event.id };
  log.push(
    { log: 'received', ...delivery, status: 500 },
    { log: 'received', ...delivery, status: 204 },
  );

  // A consumer of the feed who was told everything that is the user's.
  log.push({ log: 'feed', feed: 'f', user, filter: {} });
  for (const { stream, position, id } of events)
    if (!stream.startsWith('archive-'))
      log.push({ log: 'fed', feed: 'f', position: `${position}`, id });
  log.push({ log: 'fed-through', position: 10 * events.length });
  return {
    ...{ events, log },
    deliveries: [{ _id: 'msg_1', webhookId: webhook, status: 'succeeded', event }],
  };
};

export const recordedOf = ({ events, log, deliveries }: Breakable): Recorded => ({
  ...{ log, deliveries },
  history: historyFrom(events),
});

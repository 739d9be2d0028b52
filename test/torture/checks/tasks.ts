import type { StoredEvent } from '../../../src/eventstore/event-store.js';
import { tombstoneType } from '../../../src/eventstore/event-store.js';
import type { History } from '../history.js';
import { type LogLine, linesOf } from '../log-lines.js';
import { type Finding, findingOf } from './finding.js';

/** How far the clock that leases are counted by and the one that events are dated by may be apart, in milliseconds. */
const clockTolerance = 500;

type Data = Readonly<Record<string, unknown>>;

/** What is wrong in the history of one task. */
const wrongIn = (
  events: readonly StoredEvent[],
  broken: (event: StoredEvent, why: string) => void,
): void => {
  let held: Data | undefined;
  let attempts = 0;
  let completed = false;
  let delayedUntil: string | undefined;

  for (const event of events) {
    const data = event.data as Data;
    if (completed && event.type !== 'StreamDetached')
      broken(event, 'comes after the task was completed');
    switch (event.type) {
      case 'TaskSubmitted':
        if (data.delayed === true) delayedUntil = String(data.notBefore);
        break;
      case 'TaskBecameDue':
        if (delayedUntil === undefined)
          broken(event, 'it was not delayed, or this is the second time');
        else if (Date.parse(event.created) < Date.parse(delayedUntil) - clockTolerance)
          broken(event, `it was due at ${delayedUntil}`);
        delayedUntil = undefined;
        break;
      case 'TaskClaimed':
        if (held) broken(event, `${held.workerId} holds a lease until ${held.leaseExpiresAt}`);
        if (delayedUntil !== undefined) broken(event, `it is delayed until ${delayedUntil}`);
        attempts += 1;
        if (data.attempt !== attempts) broken(event, `is attempt ${attempts}, not ${data.attempt}`);
        held = data;
        break;
      case 'TaskLeaseExtended':
        if (!held) broken(event, 'nobody holds a lease');
        held = { ...held, ...data };
        break;
      case 'TaskProgressed':
        if (!held) broken(event, 'nobody holds a lease');
        break;
      case 'TaskLeaseExpired': {
        if (!held) broken(event, 'nobody holds a lease, or it expired before');
        const early = Date.parse(String(held?.leaseExpiresAt)) - Date.parse(event.created);
        if (early > clockTolerance && data.reason === 'lease-expired')
          broken(event, `the lease has ${early} ms left`);
        held = undefined;
        if (data.retryAt !== undefined) delayedUntil = String(data.retryAt);
        break;
      }
      case 'TaskAttemptFailed':
      case 'TaskCompleted':
        if (!held) broken(event, 'nobody holds a lease');
        else if (held.workerId !== data.workerId)
          broken(event, `${held.workerId} holds the lease, not ${data.workerId}`);
        held = undefined;
        completed = event.type === 'TaskCompleted';
        if (data.retryAt !== undefined) delayedUntil = String(data.retryAt);
        break;
      case 'TaskRetried':
        if (held) broken(event, `${held.workerId} holds a lease`);
        attempts = 0;
        delayedUntil = undefined;
        break;
      case 'TaskCancelled':
        held = undefined;
        delayedUntil = undefined;
        break;
      case 'TaskDeadLettered':
        if (held) broken(event, `${held.workerId} holds a lease`);
        break;
    }
  }
};

/** The token of the lease that a task was completed under. */
const tokenOfCompletion = (events: readonly StoredEvent[]): unknown => {
  const completed = events.findIndex(({ type }) => type === 'TaskCompleted');
  const claimed = events.slice(0, completed).findLast(({ type }) => type === 'TaskClaimed');
  return (claimed?.data as Data | undefined)?.leaseToken;
};

/** One holder at a time, one completion, each delay and lease over once and not early; and workers were told the truth. */
export const checkTasks = ({ streams }: History, log: readonly LogLine[]): readonly Finding[] => {
  const histories = findingOf('tasks have one holder at a time and are completed once');
  const completions = findingOf('confirmed completions are those in history');

  for (const [stream, events] of streams) {
    // Of a fork these are its own events: what it inherits is its ancestor's work.
    if (!stream.startsWith('task-')) continue;
    histories.look();
    const own = events.filter(({ type }) => type !== tombstoneType);
    wrongIn(own, ({ revision, type, created }, why) =>
      histories.broken(`${stream}@${revision} ${type} of ${created}`, why),
    );
  }
  for (const { worker, task, leaseToken } of linesOf(log, 'completed')) {
    completions.look();
    const token = tokenOfCompletion(streams.get(`task-${task}`) ?? []);
    if (token !== leaseToken)
      completions.broken(`task-${task}`, `${worker} was told that it completed it, and did not`);
  }
  return [histories.done(), completions.done()];
};

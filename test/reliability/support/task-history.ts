import type { StoredEvent } from '../../../src/eventstore/event-store.js';

/** What became of a task, and what in its history breaks a promise. */
export type TaskHistory = Readonly<{
  end: 'completed' | 'dead' | 'open';
  attempts: number;
  /** How long after its end a lease that nobody held any more was taken back, in milliseconds. */
  expiries: readonly number[];
  violations: readonly string[];
}>;

/** How far the two stores' clocks may be apart, in milliseconds: leases are counted by one, events are dated by the other. */
const clockTolerance = 100;

type Data = Readonly<Record<string, unknown>>;

/** Reads a task's history, from nothing but its events. */
export const historyOf = (events: readonly StoredEvent[]): TaskHistory => {
  const violations: string[] = [];
  const expiries: number[] = [];
  let held: Data | undefined;
  let attempts = 0;
  let end: TaskHistory['end'] = 'open';

  const broken = (event: StoredEvent, why: string) =>
    violations.push(`${event.stream}@${event.revision} ${event.type}: ${why}`);

  for (const [index, event] of events.entries()) {
    const data = event.data as Data;
    if (event.revision !== index) broken(event, `is at place ${index}`);
    if (end !== 'open') broken(event, `comes after the task was ${end}`);
    switch (event.type) {
      case 'TaskClaimed':
        if (held) broken(event, `the lease of ${held.workerId} was not over`);
        attempts++;
        if (data.attempt !== attempts) broken(event, `is attempt ${attempts}`);
        held = data;
        break;
      case 'TaskLeaseExtended':
        if (!held) broken(event, 'there was no lease');
        held = { ...held, ...data };
        break;
      case 'TaskLeaseExpired': {
        const late = Date.parse(event.created) - Date.parse(String(held?.leaseExpiresAt));
        if (!(late >= -clockTolerance)) broken(event, `${-late} ms early`);
        if (data.workerId !== held?.workerId) broken(event, 'names another worker');
        expiries.push(late);
        held = undefined;
        break;
      }
      case 'TaskAttemptFailed':
        if (!held) broken(event, 'there was no lease');
        held = undefined;
        break;
      case 'TaskCompleted':
        if (!held) broken(event, 'there was no lease');
        end = 'completed';
        break;
      case 'TaskDeadLettered':
        if (held) broken(event, `the lease of ${held.workerId} was not over`);
        end = 'dead';
        break;
    }
  }
  return { end, attempts, expiries, violations };
};

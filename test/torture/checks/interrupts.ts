import type { StoredEvent } from '../../../src/eventstore/event-store.js';
import type { History } from '../history.js';
import { type Finding, findingOf } from './finding.js';

/** How far the clock that deadlines are counted by and the one that events are dated by may be apart, in milliseconds. */
const clockTolerance = 500;
const settling = new Set(['InterruptResolved', 'InterruptCancelled', 'InterruptExpired']);

/** Until when an interrupt waits, by the event that it begins with. */
const deadlineOf = ({ type, data }: StoredEvent): number | undefined => {
  if (type !== 'InterruptRaised' && type !== 'StreamForked') return undefined;
  const { expiresAt } = data as { expiresAt?: string };
  return expiresAt === undefined ? undefined : Date.parse(expiresAt);
};

/** Interrupts are settled once, and those with a deadline expire at it and not before. */
export const checkInterrupts = ({ streams, events }: History): readonly Finding[] => {
  const once = findingOf('interrupts are settled once');
  const deadlines = findingOf('deadlines pass once, and not early');
  // A run has more events than a call takes arguments.
  const end = events.reduce((latest, { created }) => Math.max(latest, Date.parse(created)), 0);

  for (const [stream, own] of streams) {
    if (!stream.startsWith('interrupt-')) continue;
    once.look();
    const settled = own.filter(({ type }) => settling.has(type));
    const [first, second] = settled;
    const where = (event: StoredEvent) => `${stream}@${event.revision} ${event.type}`;
    if (first && second) once.broken(where(second), `it was settled before, by ${where(first)}`);

    const deadline = own.map(deadlineOf).find((each) => each !== undefined);
    const expired = own.find(({ type }) => type === 'InterruptExpired');
    if (deadline === undefined) {
      if (expired) deadlines.broken(where(expired), 'it had no deadline');
      continue;
    }
    deadlines.look();
    if (expired && Date.parse(expired.created) < deadline - clockTolerance)
      deadlines.broken(where(expired), `expired at ${expired.created}, before its deadline`);
    if (!first && deadline < end - clockTolerance)
      deadlines.broken(stream, `was to expire at ${new Date(deadline).toISOString()} and did not`);
  }
  return [once.done(), deadlines.done()];
};

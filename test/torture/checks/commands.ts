import { eventId } from '../../../src/commands/event-id.js';
import { isArchive } from '../../../src/domain/archive.js';
import type { StoredEvent } from '../../../src/eventstore/event-store.js';
import { grouped } from '../grouped.js';
import type { History } from '../history.js';
import { type Intent, type LogLine, linesOf, type Place } from '../log-lines.js';
import { type Finding, findingOf } from './finding.js';

/** The events that each command added, by its id, which is the request id in their metadata. */
const addedBy = ({ events }: History): ReadonlyMap<string, readonly StoredEvent[]> =>
  grouped(
    events.filter(({ stream }) => !isArchive(stream)),
    ({ metadata }) => metadata.requestId,
  );

const within = (count: number, [least, most]: Intent['events']): boolean =>
  count >= least && (most === null || count <= most);

const range = ([least, most]: Intent['events']): string =>
  least === most ? `${least}` : `${least} to ${most ?? 'any'}`;

/**
 * The event that an answer was about. What has effects on several streams is answered with the
 * position of the last of them, which is in another one.
 */
const answeredBy = (
  { streams }: History,
  { stream, revision, position }: Place,
  others: readonly StoredEvent[],
): StoredEvent | undefined => {
  const found = streams.get(stream)?.find((event) => event.revision === revision);
  const isThere = [found, ...others].some((event) => event?.position === Number(position));
  return isThere ? found : undefined;
};

/**
 * What was acknowledged is there, once and where it was said to be; what was refused left nothing; what
 * nobody knows of is there wholly or not at all.
 */
export const checkCommands = (history: History, log: readonly LogLine[]): readonly Finding[] => {
  const added = addedBy(history);
  const intents = new Map(linesOf(log, 'intent').map((intent) => [intent.id, intent]));
  const acknowledged = findingOf(
    'acknowledged commands are there, once, where they were said to be',
  );
  const refused = findingOf('refused commands left nothing');
  const unknown = findingOf('commands without an answer are there wholly or not at all');
  const once = findingOf('no command was carried out twice');

  for (const { id, places } of linesOf(log, 'acknowledged')) {
    acknowledged.look();
    const intent = intents.get(id);
    const events = added.get(id) ?? [];
    if (!intent) acknowledged.broken(id, 'was acknowledged and never sent');
    else if (!within(events.length, intent.events))
      acknowledged.broken(
        `${intent.kind} ${id}`,
        `has ${events.length} events, not ${range(intent.events)}; it was answered ${JSON.stringify(places)}`,
      );
    for (const place of places) {
      const others = intent?.events[1] === null ? events : [];
      const found = answeredBy(history, place, others);
      const where = `${place.stream}@${place.revision} of ${intent?.kind} ${id}`;
      if (!found) acknowledged.broken(where, `there is no event at position ${place.position}`);
      else if (intent && intent.events[0] > 0 && found.metadata.requestId !== id)
        acknowledged.broken(where, `the event there is of ${found.metadata.requestId}`);
    }
  }
  for (const { id, status, code } of linesOf(log, 'refused')) {
    refused.look();
    const events = added.get(id) ?? [];
    if (events.length > 0)
      refused.broken(
        `${intents.get(id)?.kind} ${id}`,
        `was answered ${status} ${code} and added ${events.map(nameOf).join(', ')}`,
      );
  }
  for (const { id } of linesOf(log, 'unknown')) {
    unknown.look();
    const events = added.get(id) ?? [];
    const intent = intents.get(id);
    if (events.length > 0 && intent && !within(events.length, intent.events))
      unknown.broken(
        `${intent.kind} ${id}`,
        `has ${events.length} events, not ${range(intent.events)}`,
      );
  }
  for (const [id, events] of added) {
    // What the program asks itself for goes by other names.
    if (!intents.has(id)) continue;
    for (const [stream, own] of grouped(events, (event) => event.stream)) {
      once.look();
      const commands = new Set(own.map(({ metadata }) => metadata.commandId));
      if (commands.size > 1)
        once.broken(`${intents.get(id)?.kind} ${id}`, `${commands.size} commands in ${stream}`);
      const wrong = own.find(({ id: is, metadata }, at) => is !== eventId(metadata.commandId, at));
      if (wrong) once.broken(nameOf(wrong), `is not the event that command ${id} has there`);
    }
  }
  return [acknowledged.done(), refused.done(), unknown.done(), once.done()];
};

const nameOf = ({ stream, revision, type }: StoredEvent): string => `${stream}@${revision} ${type}`;

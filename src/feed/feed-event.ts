import { isArchive } from '../domain/archive.js';
import { type StoredEvent, tombstoneType } from '../eventstore/event-store.js';
import { categoryOf, eventView, topicOf } from '../replay/event-view.js';

/**
 * What filters and the right to see can name of an event, those first that few events share. An
 * event has one name in each or several, and is shown where one of them is among those wanted.
 */
export const properties = ['stream', 'session', 'owner', 'type', 'topic', 'category'] as const;
export type Property = (typeof properties)[number];

/** What decides who is shown an event. */
export type EventLabel = Readonly<{
  position: number;
  names: Readonly<Record<Property, readonly string[]>>;
}>;

/** An event on its way to consumers: `json` is its view in UTF-8, put into words once for all of them. */
export type FeedEvent = EventLabel & Readonly<{ json: Buffer }>;

/**
 * An event as consumers of the feed are told it; undefined for one that is for nobody: a copy in an
 * archive, or an event that Forkline did not write and that so has no owner.
 */
export const feedEvent = (event: StoredEvent): FeedEvent | undefined =>
  isArchive(event.stream) || (event.metadata.ownerId === undefined && event.type !== tombstoneType)
    ? undefined
    : { ...labelOf(event), json: Buffer.from(JSON.stringify(eventView(event))) };

/**
 * What an event can be found by. A tombstone has no owner: it is shown to administrators alone, whoever
 * owned the stream.
 */
export const labelOf = (event: StoredEvent): EventLabel => {
  const { stream, type, metadata } = event;
  const topic = topicOf(event);
  return {
    position: event.position,
    names: {
      stream: [stream],
      session: sessionsOf(stream, metadata.$correlationId),
      owner: metadata.ownerId === undefined ? [] : [metadata.ownerId],
      type: [type],
      topic: [...new Set([topic, ...familiesOf(topic)])],
      category: [categoryOf(stream)],
    },
  };
};

/** The families that a topic belongs to: `chat.*` and `chat.message.*` for `chat.message.created`. */
export const familiesOf = (topic: string): readonly string[] => {
  const families: string[] = [];
  for (let dot = topic.indexOf('.'); dot >= 0; dot = topic.indexOf('.', dot + 1))
    families.push(`${topic.slice(0, dot + 1)}*`);
  return families;
};

const SESSION = 'session-';

/** The session whose own stream it is in, and the session or request it belongs to: as a rule the same. */
const sessionsOf = (stream: string, correlationId: string | undefined): readonly string[] => {
  const own = stream.startsWith(SESSION) ? stream.slice(SESSION.length) : undefined;
  return [...new Set([own, correlationId])].filter((id) => id !== undefined);
};

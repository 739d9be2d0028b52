import type { FeedFilter } from '../../../src/client/client.js';
import { isArchive } from '../../../src/domain/archive.js';
import type { StoredEvent } from '../../../src/eventstore/event-store.js';
import { categoryOf, topicOf } from '../../../src/replay/event-view.js';
import { grouped } from '../grouped.js';
import type { History } from '../history.js';
import { type Fed, type LogLine, linesOf } from '../log-lines.js';
import { type Finding, findingOf } from './finding.js';

const isTopic = (topic: string, wanted: string): boolean =>
  wanted.endsWith('.*') ? topic.startsWith(wanted.slice(0, -1)) : topic === wanted;

/** Whether a user who asks for this is to be told of an event. */
const isFor = (event: StoredEvent, user: string, filter: FeedFilter): boolean => {
  const { stream, metadata, type } = event;
  if (isArchive(stream) || metadata.ownerId !== user) return false;
  const { categories, streams, types, topics, sessionId } = filter;
  const belongs = metadata.$correlationId === sessionId || stream === `session-${sessionId}`;
  return (
    (categories?.includes(categoryOf(stream)) ?? true) &&
    (streams?.includes(stream) ?? true) &&
    (types?.includes(type) ?? true) &&
    (topics?.some((topic) => isTopic(topicOf(event), topic)) ?? true) &&
    (sessionId === undefined || belongs)
  );
};

/** What a user who asks for this is to be told, in order. */
export const expectedOf = (
  { events }: History,
  user: string,
  filter: FeedFilter,
): readonly StoredEvent[] => events.filter((event) => isFor(event, user, filter));

/** Each consumer was told what is for it, each event once and in the order of positions, and nothing else. */
export const checkFeeds = (history: History, log: readonly LogLine[]): readonly Finding[] => {
  const feeds = findingOf('feeds told each event once and in order');
  const fed = grouped(linesOf(log, 'fed'), ({ feed }) => feed);

  const through = linesOf(log, 'fed-through').at(-1)?.position ?? Number.POSITIVE_INFINITY;
  for (const { feed, user, filter } of linesOf(log, 'feed')) {
    const all = expectedOf(history, user, filter);
    const last = fed.get(feed)?.length ?? 0;
    // What happened while nodes were ended, a consumer may have been told and may not.
    const expected = all.filter(({ position }, index) => position <= through || index < last);
    const told: readonly Fed[] = fed.get(feed) ?? [];
    feeds.look(told.length);
    const length = Math.max(expected.length, told.length);
    // The first difference says it all: what comes after it is out of step.
    for (let index = 0; index < length; index++) {
      const [is, was] = [expected[index], told[index]];
      if (is && was && is.id === was.id && is.position === Number(was.position)) continue;
      feeds.broken(
        `${feed}, event ${index} of ${expected.length}`,
        `was told ${was ? `${was.id} at ${was.position}` : 'nothing more'} where ` +
          `${is ? `${is.stream}@${is.revision} ${is.type} at ${is.position}` : 'nothing'} is next`,
      );
      break;
    }
  }
  return [feeds.done()];
};

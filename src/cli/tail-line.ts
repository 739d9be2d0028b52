import type { ForklineEvent } from '../client/client.js';
import { summaryOf } from './event-summary.js';
import { linkTo } from './stream-reference.js';
import type { Terminal } from './terminal.js';
import { cut, oneLine, shownTime, widthOf } from './text.js';

/** On a screen so wide a line stays one row; on a narrower one it may take as many as that comes to. */
const comfortable = 160;

/** An event on a line: when, where, what. */
export const tailLine = (
  event: ForklineEvent,
  { paint, width }: Pick<Terminal, 'paint' | 'width'>,
): string => {
  const time = shownTime(event.created);
  // The tombstone of a stream deleted for good has no place in it.
  const place = event.revision < 0 ? event.stream : linkTo(event.stream, event.revision);
  const topic = oneLine(event.topic);
  const room =
    width === undefined
      ? Number.POSITIVE_INFINITY
      : width * Math.ceil(comfortable / width) - widthOf(`${time}  ${place}  ${topic}  `);
  return [
    paint('dim', time),
    paint('yellow', place),
    paint('cyan', topic),
    cut(summaryOf(event) || oneLine(event.type), Math.max(0, room)),
  ]
    .join('  ')
    .trimEnd();
};

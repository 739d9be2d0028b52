import { shownStream } from '../src/domain/archive.js';
import type { Fact } from '../src/domain/decider.js';
import {
  type Origin,
  originOf,
  type Segment,
  type StreamDetached,
  type StreamForked,
} from '../src/domain/fork.js';
import { isRemoval } from '../src/domain/removal.js';
import { withFields } from '../src/fields.js';
import type { Projected, Projection } from '../src/projecting/projection.js';
import { attemptPrefix } from './audit.js';

export type StreamDocument = Readonly<{
  stream: string;
  category: string;
  userId: string;
  /** The session or request it belongs to. */
  correlationId: string;
  /** The oldest ancestor, or the stream itself: what a family of forks has in common. */
  root: string;
  /** What it was forked from, as its first event says. */
  ancestry: readonly Segment[];
  /** While it reads what it inherits from its ancestors. */
  forkedFrom?: Origin;
  /** Once it does no longer: where it was forked from, and the family that it, and its forks from then, began in. */
  detachedFrom?: Origin & Readonly<{ root: string }>;
  /** How many events the stream itself has, without inherited ones. */
  ownEvents: number;
  revision: number;
  createdAt: string;
  updatedAt: string;
}>;

const counted = (document: StreamDocument | undefined, event: Projected): StreamDocument =>
  withFields(document ?? started(event, []), {
    ownEvents: (document?.ownEvents ?? 0) + 1,
    revision: event.revision,
    updatedAt: event.created,
  });

const started = (event: Projected, ancestry: readonly Segment[]): StreamDocument => {
  const { stream, created, revision, metadata } = event;
  const forkedFrom = originOf(ancestry);
  return {
    stream,
    category: stream.slice(0, stream.indexOf('-')),
    userId: metadata.ownerId,
    correlationId: metadata.$correlationId,
    root: shownStream(ancestry[0]?.stream ?? stream),
    ancestry,
    ...(forkedFrom && { forkedFrom }),
    ownEvents: 0,
    revision,
    createdAt: created,
    updatedAt: created,
  };
};

const detached = (document: StreamDocument | undefined, event: Projected): StreamDocument => {
  const { forkedFrom, root, ...rest } = counted(document, event);
  return withFields(rest, {
    root: event.stream,
    ...(forkedFrom && { detachedFrom: withFields(forkedFrom, { root }) }),
  });
};

/** One document a stream: its size, and where it comes from. */
export const streams: Projection<StreamDocument, StreamForked | StreamDetached | Fact> = {
  name: 'streams',
  version: 1,
  indexes: [
    { key: { root: 1, createdAt: 1, _id: 1 } },
    { key: { 'forkedFrom.stream': 1, 'forkedFrom.revision': 1, createdAt: 1, _id: 1 } },
    { key: { 'detachedFrom.stream': 1 } },
    { key: { stream: 1 } },
  ],
  // What is kept beside the streams of things is no stream of a thing.
  key: ({ stream }) => (stream.startsWith(attemptPrefix) || isRemoval(stream) ? undefined : stream),
  begins: ({ type, revision }) => type === 'StreamForked' || revision === 0,
  on: {
    StreamDetached: detached,
    StreamForked: (document, event) =>
      counted(document ?? started(event, (event as Projected<StreamForked>).data.ancestry), event),
  },
  otherwise: counted,
};

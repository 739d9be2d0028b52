import { forkOfArchive } from '../domain/archive.js';
import { fromArchived } from '../eventstore/archived.js';
import { archivedType, type StoredEvent } from '../eventstore/event-store.js';
import { concerns, step } from './fold-batch.js';
import type { AnyProjection, FromStream, Projected } from './projection.js';

/** A row made of an archive says where it was written first. */
type Row = FromStream & Readonly<{ writtenIn?: string }>;

/**
 * A ranged projection that makes rows of the copies in archives too: a detached fork reads those in
 * place of its ancestors' rows. Any other projection is given back as it is: a copy is nothing that
 * happened.
 */
export const withArchives = (projection: AnyProjection): AnyProjection => {
  if (!projection.ranged) return projection;
  const { key, begins } = projection;
  const isHeld = (event: Projected): boolean => Object.hasOwn(projection.on, writtenOf(event).type);
  return {
    ...projection,
    key: (event) => {
      if (event.type !== archivedType) return key(event);
      return isHeld(event) ? key(inArchive(event)) : undefined;
    },
    ...(begins && {
      begins: (event) => begins(event.type === archivedType ? inArchive(event) : event),
    }),
    on: {
      ...projection.on,
      [archivedType]: (before: Row | undefined, event: Projected) => {
        const after = step(projection, before, inArchive(event));
        return after && after !== before ? { writtenIn: writtenOf(event).stream, ...after } : after;
      },
    },
  };
};

/** Those of some events that are copies in archives and whose originals the projection folds. */
export const copiesFor = (
  projection: AnyProjection,
  events: readonly Projected[],
): readonly Projected[] =>
  events.filter((event) => {
    const fork = event.type === archivedType ? forkOfArchive(event.stream) : undefined;
    return (
      fork !== undefined && concerns(projection, { stream: fork, type: writtenOf(event).type })
    );
  });

/** Copies are looked at by several models, and by each more than once. */
const known = new WeakMap<Projected, Projected>();

/** An event as it was where it was written. */
export const writtenOf = (event: Projected): Projected => {
  const before = known.get(event);
  if (before) return before;
  // What projections are given are events of the store.
  const written = fromArchived(event as StoredEvent) as Projected;
  known.set(event, written);
  return written;
};

/** The same as an event of the archive: the rows of an archive are its own, and as new as the copies. */
const inArchive = (event: Projected): Projected => {
  const { stream, position } = event;
  return { ...writtenOf(event), stream, position };
};

import { isArchive } from '../../../src/domain/archive.js';
import { tombstoneType } from '../../../src/eventstore/event-store.js';
import type { History } from '../history.js';
import { type Finding, findingOf } from './finding.js';

/** Revisions go on without a gap on each stream, positions only grow, and no id is there twice. */
export const checkStreams = ({ events, streams }: History): readonly Finding[] => {
  const revisions = findingOf('revisions have no gaps');
  const positions = findingOf('positions only grow');
  const ids = findingOf('no event is there twice');

  for (const [stream, all] of streams) {
    const own = all.filter(({ type }) => type !== tombstoneType);
    const base = isArchive(stream) ? 0 : (own[0]?.metadata.base ?? 0);
    for (const [index, { revision, type, metadata }] of own.entries()) {
      revisions.look();
      const where = `${stream}@${revision} ${type}`;
      if (revision !== base + index) revisions.broken(where, `comes where ${base + index} is next`);
      if (!isArchive(stream) && (metadata.base ?? 0) !== base)
        revisions.broken(where, `counts from ${metadata.base ?? 0}, the stream from ${base}`);
    }
  }
  let last = -1;
  const seen = new Map<string, string>();
  for (const { stream, revision, position, id } of events) {
    const where = `${stream}@${revision}`;
    positions.look();
    if (position <= last) positions.broken(where, `${position} comes after ${last}`);
    last = position;
    ids.look();
    const before = seen.get(id);
    if (before !== undefined) ids.broken(where, `has the id ${id} of ${before}`);
    seen.set(id, where);
  }
  return [revisions.done(), positions.done(), ids.done()];
};

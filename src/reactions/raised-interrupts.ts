import type { Interrupt } from '../domain/interrupt.js';
import type { Folded } from '../eventstore/fold.js';
import type { Collections, InterruptRecord } from '../queries/collections.js';
import type { Deadline } from '../queries/deadlines.js';

/**
 * Interrupts to which nothing has happened since they were raised, as their read model has them. What is
 * decided against that needs no read of the stream: an append at this revision proves that it was so.
 *
 * @returns those of the deadlines' streams that are like that, by stream
 */
export const raisedInterrupts = async (
  { interrupts }: Pick<Collections, 'interrupts'>,
  deadlines: readonly Deadline[],
): Promise<ReadonlyMap<string, Folded<Interrupt>>> => {
  // A fork begins at a later revision.
  const raised = deadlines.filter(({ kind, revision }) => kind === 'interrupt' && revision === 0);
  if (raised.length === 0) return new Map();
  const wanted = { _id: { $in: raised.map(({ stream }) => stream) }, revision: 0 };
  const found = await interrupts.find(wanted).toArray();
  return new Map(found.map((record) => [record.stream, asRaised(record)]));
};

/** The document without what it has besides the state. */
const asRaised = (record: InterruptRecord): Folded<Interrupt> => {
  const { _id, position, stream, id, revision, createdAt, updatedAt, createdPosition, ...state } =
    record;
  return { state, revision, position: createdPosition, base: 0 };
};

import { type Caller, maySee, RevisionMismatch } from '../commands/request.js';
import type { Decider, Fact } from '../domain/decider.js';
import { type Category, deciders, parseStream, storedName } from '../domain/deciders.js';
import { firstState } from '../eventstore/fold.js';
import type { Streams } from '../eventstore/lineage.js';
import type { AnyState } from '../replay/state-at.js';
import { Problem, type ProblemCode } from './problem.js';
import { notFound } from './problem-of.js';

type AnyDecider = Decider<object, AnyState, Fact, ProblemCode>;

export type VisibleStream = Readonly<{
  stream: string;
  category: Category;
  /** Its name without the category. */
  id: string;
  decider: AnyDecider;
  ownerId: string;
  /** The id of the session it is, or belongs to; of a stream that belongs to none, its own. */
  session: string;
}>;

/** The stream of a name, as users write it. @throws Problem when there is none that the caller may see */
export const visibleStream = async (
  streams: Streams,
  written: string,
  caller: Caller,
): Promise<VisibleStream> => {
  const stream = storedName(written);
  const name = parseStream(stream);
  if (!name) throw new Problem('stream-not-found');
  // Each decider takes its own commands and events: those are checked against its category before.
  const decider = deciders[name.category] as unknown as AnyDecider;
  const origin = await firstState(streams, decider, stream);
  const ownerId = origin && decider.ownerOf(origin);
  if (!origin || ownerId === undefined || !maySee(caller, ownerId)) throw notFound(stream);
  // Executions are what belongs to sessions; what else they may belong to, nothing deletes.
  const adoption = await streams.adoptionOf(stream);
  const session = adoption?.sessionId ?? decider.correlationOf(origin) ?? name.id;
  return { ...name, stream, decider, ownerId, session };
};

/**
 * The newest revision of a stream that is there.
 *
 * @param ifRevision the only one it may be; any by default
 * @throws RevisionMismatch when it is another
 */
export const headOf = async (
  streams: Streams,
  stream: string,
  ifRevision?: number,
): Promise<number> => {
  let head = 0;
  const newest = streams.read(stream, { direction: 'backwards', limit: 1 });
  for await (const { revision } of newest) head = revision;
  if (ifRevision !== undefined && ifRevision !== head) throw new RevisionMismatch(stream, head);
  return head;
};

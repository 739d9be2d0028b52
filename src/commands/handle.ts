import { LRUCache } from 'lru-cache';
import { type Decider, type Fact, isRejection, type Rejection, reject } from '../domain/decider.js';
import { RevisionConflict } from '../eventstore/event-store.js';
import { type Folded, fold } from '../eventstore/fold.js';
import type { Streams } from '../eventstore/lineage.js';
import { type CarriedOut, commandsIn, withCommand } from './carried-out.js';
import { decideAll } from './decide-all.js';
import { inLanes } from './lanes.js';
import { type CommandRequest, maySee, type Outcome, RevisionMismatch } from './request.js';
import { stamp } from './stamp.js';

export type HandlerOptions = Readonly<{
  /**
   * How often a command is decided at most when it loses races to another node. 100 by default: a
   * node with many commands in hand wins as many races in a row, as it need not read in between.
   */
  attempts?: number;
  /** How many streams' states are kept in memory. 1,000 by default. */
  cachedStreams?: number;
  /** How many events those states may have been folded from in all. 500,000 by default. */
  cachedEvents?: number;
}>;

/** A stream as a handler remembers it. */
type Known<State> = Folded<State> & Readonly<{ commands: readonly CarriedOut[] }>;

/** An outcome, and the stream's state when that was known: after the command, or after others that came later. */
export type Handled<State> = Outcome & Readonly<{ state: State }>;

/** Carries out commands on one stream, all of them or none. */
export type CommandHandler<Command, Reason, State = unknown> = (
  id: string,
  commands: readonly Command[],
  request: CommandRequest,
) => Promise<Handled<State> | Rejection<Reason>>;

/**
 * Takes the stream's state, decides, appends at the revision decided against. States are kept in
 * memory as a baseline only: the append proves that nothing came in between, and before anything is
 * refused or called already done, what is newer is read. Commands of one stream go one at a time
 * in this process; a race lost to another process is decided again. A command under the id of one
 * carried out before adds nothing and is answered with its place, whatever came after it.
 *
 * @returns what came of it; a rejection adds nothing
 * The handler throws RevisionMismatch when the stream is not at `ifRevision`, RevisionConflict when
 * every attempt lost its race, and what the event store throws.
 */
export const commandHandler = <Command, State extends object, Event extends Fact, Reason>(
  streams: Streams,
  decider: Decider<Command, State, Event, Reason>,
  { attempts = 100, cachedStreams = 1_000, cachedEvents = 500_000 }: HandlerOptions = {},
): CommandHandler<Command, Reason, State> => {
  const cache = new LRUCache<string, Known<State>>({
    max: cachedStreams,
    maxSize: cachedEvents,
    sizeCalculation: ({ revision }) => Math.min(cachedEvents, Number(revision) + 1),
  });
  const inLane = inLanes();

  const remember = (stream: string, known: Known<State>): Known<State> => {
    if (known.revision !== 'none') cache.set(stream, known);
    return known;
  };
  const refresh = async (stream: string, onto?: Known<State>): Promise<Known<State>> => {
    const commands = commandsIn(stream, onto?.commands);
    const folded = await fold(streams, decider, stream, {
      ...(onto && { onto }),
      each: commands.note,
    });
    return remember(stream, { ...folded, commands: commands.all() });
  };

  const handle: CommandHandler<Command, Reason, State> = async (id, commands, request) => {
    const stream = `${decider.category}-${id}`;
    const { commandId, ifRevision } = request;
    const cached = cache.get(stream);
    let before = cached ?? (await refresh(stream));
    let isFresh = cached === undefined;

    for (let attempt = 1; ; attempt++) {
      const owner = decider.ownerOf(before.state);
      const mayAct = owner === undefined || maySee(request.caller, owner);
      const done = before.commands.findLast((command) => command.commandId === commandId);
      const { state } = before;
      if (done && mayAct) return { id, stream, ...placeOf(done), added: 0, state };
      const decided = mayAct
        ? decideAll(decider, before.state, commands)
        : reject(decider.notFound);
      const isMismatch = ifRevision !== undefined && ifRevision !== before.revision;
      const isSettled = isMismatch || isRejection(decided) || decided.events.length === 0;
      if (isSettled && !isFresh) {
        before = await refresh(stream, before);
        isFresh = true;
        continue;
      }
      if (isRejection(decided) && decided.rejected === decider.notFound) return decided;
      if (isMismatch) throw new RevisionMismatch(stream, before.revision);
      if (isRejection(decided)) return decided;
      if (decided.events.length === 0) return { id, stream, ...placeOf(before), added: 0, state };

      try {
        const events = stamp(decider, id, decided.state, decided.events, request);
        const { revision, base } = before;
        const appended = await streams.append(stream, events, revision, base);
        const known = withCommand(before.commands, { commandId, ...appended });
        remember(stream, { state: decided.state, base, ...appended, commands: known });
        return { id, stream, ...appended, added: events.length, state: decided.state };
      } catch (error) {
        if (!(error instanceof RevisionConflict) || attempt >= attempts) throw error;
        before = await refresh(stream, before);
        isFresh = true;
      }
    }
  };

  return (id, commands, request) => inLane(id, () => handle(id, commands, request));
};

const placeOf = ({ revision, position }: Pick<Folded<unknown>, 'revision' | 'position'>) => ({
  revision: revision === 'none' ? 0 : revision,
  position,
});

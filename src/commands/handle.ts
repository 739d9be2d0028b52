import { LRUCache } from 'lru-cache';
import { type Decider, type Fact, isRejection, type Rejection, reject } from '../domain/decider.js';
import { type CarriedOut, type CommandLog, commandLog } from '../eventstore/carried-out.js';
import { RevisionConflict } from '../eventstore/event-store.js';
import type { Folded } from '../eventstore/fold.js';
import type { Streams } from '../eventstore/lineage.js';
import { keysOf, load, withKeys } from '../eventstore/load.js';
import { entriesOf, type Loaded } from '../eventstore/partial.js';
import { sizeOf } from '../eventstore/size.js';
import { noSnapshots, type Snapshots } from '../eventstore/snapshots.js';
import { withFields } from '../fields.js';
import { type Decided, decideAll } from './decide-all.js';
import { decideFollowUp, type FollowUp, placeBefore } from './follow-up.js';
import { inLanes } from './lanes.js';
import { type CommandRequest, maySee, type Outcome, RevisionMismatch } from './request.js';
import { stamp } from './stamp.js';
import { sizeAt, stateSize } from './state-size.js';

export type HandlerOptions = Readonly<{
  /**
   * How often a command is decided at most when it loses races to another node. 100 by default: a
   * node with many commands in hand wins as many races in a row, as it need not read in between.
   */
  attempts?: number;
  /** How many streams' states are kept in memory. 1,000 by default. */
  cachedStreams?: number;
  /** How many bytes those states may take in all, as JSON, about; memory holds a few times as much. 32 MiB by default. */
  cachedBytes?: number;
  /** What the states of streams that are not in memory are loaded from. By default every event is folded. */
  snapshots?: Snapshots;
}>;

/** A stream as a handler remembers it. */
type Known<State> = Omit<Loaded<State>, 'commands'> &
  Readonly<{
    /** What it has carried out. Goes on with the stream, whichever of its states it is asked for with. */
    log: CommandLog;
    /** The stream was not read here from its beginning: it may have earlier commands than those known. */
    isPartial?: true;
    /** About how many bytes the state takes, what was added here counted on; absent until it is remembered. */
    size?: number;
  }>;

/**
 * An outcome, and the stream's state when that was known: after the command, or after others that came
 * later. Of its entries it may know only those that the commands name.
 */
export type Handled<State> = Outcome & Readonly<{ state: State }>;

/** Carries out commands on one stream, all of them or none. */
export type CommandHandler<Command, Reason, State = unknown> = (
  id: string,
  commands: readonly Command[],
  request: CommandRequest,
) => Promise<Handled<State> | Rejection<Reason>>;

/**
 * The same for callers that may know the stream already, or what comes next on it.
 *
 * @param at the stream as the caller knows it. Commands are decided against that and nothing else, with
 * no read: if it has changed since, that is a RevisionConflict. For commands never carried out before.
 * @param followUp what comes next on it, of somebody else's request
 */
export type BaselineHandler<Command, Reason, State> = (
  id: string,
  commands: readonly Command[],
  request: CommandRequest,
  at?: Folded<State>,
  followUp?: FollowUp<Command, State>,
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
  {
    attempts = 100,
    cachedStreams = 1_000,
    cachedBytes = 32 * 1024 * 1024,
    snapshots = noSnapshots,
  }: HandlerOptions = {},
): BaselineHandler<Command, Reason, State> => {
  const cache = new LRUCache<string, Known<State>>({
    max: cachedStreams,
    maxSize: cachedBytes,
    // One that takes more than all may is remembered alone: it is what takes longest to load.
    sizeCalculation: (known) => Math.min(cachedBytes, heldBy(known)),
  });
  const inLane = inLanes();
  const sources = { streams, snapshots };
  const unborn = (): Known<State> => ({
    state: decider.initial,
    revision: 'none',
    position: 0,
    base: 0,
    log: commandLog(),
  });

  const remember = (stream: string, known: Known<State>): Known<State> => {
    if (known.revision === 'none') return known;
    const measured = withFields(known, { size: known.size ?? stateSize(decider, known.state) });
    cache.set(stream, measured);
    return measured;
  };
  const refresh = async (
    stream: string,
    keys: readonly string[],
    known?: Known<State>,
  ): Promise<Known<State>> => {
    const onto = known && !known.isPartial && { ...known, commands: known.log.all() };
    const wanted = { ...(onto && { onto }), keys, commands: true };
    const { commands, ...loaded } = await load(sources, decider, stream, wanted);
    const size = onto ? sizeAt(loaded.revision, onto) : undefined;
    const log = commandLog(commands);
    return remember(stream, { ...loaded, log, ...(size !== undefined && { size }) });
  };

  const knowing = async (
    stream: string,
    known: Known<State>,
    keys: readonly string[],
  ): Promise<Known<State>> => {
    if (!known.outset || keys.length === 0) return known;
    const { log, isPartial, size, ...cached } = known;
    const asked = { ...cached, commands: [] };
    const found = await withKeys(sources, decider, stream, asked, keys);
    if (found === asked) return known;
    const entries = entriesOf(decider, found.state);
    const more = keys.reduce((sum, key) => sum + sizeOf(entries.get(key)), 0);
    // Folded anew it is another state, measured when it is remembered.
    const measured = size !== undefined && found.outset ? { size: size + more } : {};
    return { ...found, log, ...measured, ...(isPartial && { isPartial }) };
  };

  const streamOf = (id: string): string => `${decider.category}-${id}`;
  const mayAct = ({ caller }: CommandRequest, state: State): boolean => {
    const owner = decider.ownerOf(state);
    return owner === undefined || maySee(caller, owner);
  };

  const add = async (
    id: string,
    before: Known<State>,
    decided: Decided<State, Event>,
    request: CommandRequest,
    followUp?: FollowUp<Command, State>,
  ): Promise<Handled<State>> => {
    const stream = streamOf(id);
    const followed = followUp && decideFollowUp(decider, followUp, decided.state);
    const { state } = followed ?? decided;
    const own = stamp(decider, id, decided.state, decided.events, request);
    const others = followed ? stamp(decider, id, state, followed.events, followUp.request) : [];
    const facts = followed ? [...decided.events, ...followed.events] : decided.events;
    const events = [...own, ...others];
    const appended = await streams.append(stream, events, before.revision, before.base);
    const { revision, position } = appended;
    if (followed) followUp.done({ id, stream, state, revision, position, added: others.length });
    const place = followed
      ? await placeBefore(streams, stream, appended, others.length)
      : { revision, position };
    noteIn(before.log, request, place);
    if (followed) noteIn(before.log, followUp.request, { revision, position });
    const size = before.size === undefined ? {} : { size: before.size + sizeOf(facts) };
    remember(stream, withFields(before, size, { state, revision, position }));
    return { id, stream, state, added: own.length, ...place };
  };

  const handleAt = async (
    id: string,
    commands: readonly Command[],
    request: CommandRequest,
    at: Folded<State>,
    followUp?: FollowUp<Command, State>,
  ): Promise<Handled<State> | Rejection<Reason>> => {
    const stream = streamOf(id);
    const cached = cache.peek(stream);
    // One that knows only some of its entries would have to be asked for the others.
    const isAlike = cached?.revision === at.revision && !cached.outset;
    const before: Known<State> = isAlike
      ? cached
      : withFields(at, { log: commandLog(), isPartial: true });
    const { state } = before;
    if (!mayAct(request, state)) return reject(decider.notFound);
    const decided = decideAll(decider, state, commands);
    if (isRejection(decided)) return decided;
    if (decided.events.length === 0) return { id, stream, ...placeOf(before), added: 0, state };
    return add(id, before, decided, request, followUp);
  };

  const handle = async (
    id: string,
    commands: readonly Command[],
    request: CommandRequest,
    followUp?: FollowUp<Command, State>,
  ): Promise<Handled<State> | Rejection<Reason>> => {
    const stream = streamOf(id);
    const { commandId, isFirst, ifRevision, isNew } = request;
    const cached = cache.get(stream) ?? (isNew ? unborn() : undefined);
    const keys = keysOf(decider, commands);
    let before = cached ? await knowing(stream, cached, keys) : await refresh(stream, keys);
    let isFresh = cached === undefined;

    for (let attempt = 1; ; attempt++) {
      const { state } = before;
      const isAllowed = mayAct(request, state);
      // One that nobody has sent before is found only where it was added by an append that failed all the same.
      const done = isFirst && !isFresh ? undefined : before.log.find(commandId);
      if (done && isAllowed) return { id, stream, ...placeOf(done), added: 0, state };
      const decided = isAllowed ? decideAll(decider, state, commands) : reject(decider.notFound);
      const isMismatch = ifRevision !== undefined && ifRevision !== before.revision;
      const isSettled = isMismatch || isRejection(decided) || decided.events.length === 0;
      if (isSettled && !isFresh) {
        before = await refresh(stream, keys, before);
        isFresh = true;
        continue;
      }
      if (isRejection(decided) && decided.rejected === decider.notFound) return decided;
      if (isMismatch) throw new RevisionMismatch(stream, before.revision);
      if (isRejection(decided)) return decided;
      if (decided.events.length === 0) return { id, stream, ...placeOf(before), added: 0, state };

      try {
        return await add(id, before, decided, request, followUp);
      } catch (error) {
        if (!(error instanceof RevisionConflict) || attempt >= attempts) throw error;
        before = await refresh(stream, keys, before);
        isFresh = true;
      }
    }
  };

  return (id, commands, request, at, followUp) =>
    inLane(id, () =>
      at ? handleAt(id, commands, request, at, followUp) : handle(id, commands, request, followUp),
    );
};

/** The ids of a command and what is kept of where it is, in bytes. */
const bytesACommand = 128;

/** Notes a command that was carried out, for as long as somebody may send it again. */
const noteIn = (
  log: CommandLog,
  { commandId, isFirst }: CommandRequest,
  { revision, position }: Omit<CarriedOut, 'commandId'>,
): void => {
  if (!isFirst) log.note({ commandId, revision, position });
};

const heldBy = ({ size = 0, log }: Known<unknown>): number => size + log.size() * bytesACommand + 1;

const placeOf = ({ revision, position }: Pick<Loaded<unknown>, 'revision' | 'position'>) => ({
  revision: revision === 'none' ? 0 : revision,
  position,
});

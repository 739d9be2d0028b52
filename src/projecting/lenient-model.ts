import type { Logger } from 'pino';
import type { Origin } from '../domain/fork.js';
import { type StoredEvent, tombstoneType, unreadableType } from '../eventstore/event-store.js';
import { applyApart } from './apply-apart.js';
import { concernsUnread } from './fold-batch.js';
import { originIn } from './history.js';
import type { Failure, ParkedOf } from './parked.js';
import { eventLane, type HeldLane, keyLane, type Lane, streamLane } from './parked-documents.js';
import type { AnyProjection } from './projection.js';
import type { ReadModel } from './read-model.js';
import type { Handling } from './retry-parked.js';
import { isUnavailable } from './unavailable.js';

/** A read model that parks the events it cannot fold, and goes on with the others. */
export type LenientModel = Readonly<{
  prepare(): Promise<void>;
  /** Finds out what is parked, whatever was known of it. To be called after the checkpoint is read. */
  recall(): Promise<void>;
  /** As {@link ReadModel.apply}. @throws when a store is away, and nothing that an event is to blame for */
  apply(events: readonly StoredEvent[]): Promise<void>;
  /** What is done with events that were parked. */
  handling: Handling;
}>;

type Options = Readonly<{
  projection: AnyProjection;
  model: ReadModel;
  parked: ParkedOf;
  log: Logger;
}>;

type Hold = Pick<HeldLane, 'from' | 'stream' | 'revision'>;

/**
 * A read model that parks the events it cannot fold. As long as nothing is parked, that costs a look at
 * the types of the events. What this node remembers of parked events may be out of date after a retry
 * on another node, so it asks the database again before it makes an event wait.
 */
export const lenientModel = ({ projection, model, parked, log }: Options): LenientModel => {
  const held = new Map<Lane, Hold>();

  const lanesOf = (event: StoredEvent): readonly Lane[] => {
    const key = event.type === unreadableType ? undefined : projection.key(event);
    const ofKey = key === undefined ? [] : [keyLane(key)];
    return projection.spans ? ofKey : [streamLane(event.stream), ...ofKey];
  };

  /**
   * Where an event is parked whose key cannot be told. In a document of many streams those behind it
   * in its stream need not wait: the other streams do not either.
   */
  const laneWithoutKey = (event: StoredEvent): Lane =>
    projection.spans ? eventLane(event.id) : streamLane(event.stream);

  const park = async (lane: Lane, event: StoredEvent, failure: Failure): Promise<boolean> => {
    if (!(await parked.hold(lane, event, failure))) return false;
    const { stream, revision, position, id } = event;
    held.set(lane, held.get(lane) ?? { from: position, stream, revision });
    const { error, attempts } = failure;
    log.error(
      { projection: projection.name, stream, position, eventId: id, err: error, attempts },
      'an event is parked',
    );
    return true;
  };

  const concernsUs = (event: StoredEvent): boolean =>
    event.type !== tombstoneType && concernsUnread(projection, event);

  const recall = async (): Promise<void> => {
    const found = await parked.held();
    held.clear();
    for (const { lane, ...hold } of found) held.set(lane, hold);
  };

  const waitsFor = (origin: Origin): boolean =>
    [...held.values()].some((hold) => isBehind(origin, hold));

  /** Parks an event if it is its own fault, or that of its ancestor, that it cannot be folded. */
  const isParked = async (event: StoredEvent, lanes: readonly Lane[]): Promise<boolean> => {
    if (event.type === unreadableType) {
      const { reason } = event.data as { reason: string };
      await park(laneWithoutKey(event), event, { error: reason, attempts: 1 });
      return true;
    }
    const origin = projection.inherits ? originIn(event) : undefined;
    if (!origin || !waitsFor(origin)) return false;
    await recall();
    if (!waitsFor(origin)) return false;
    const failure = { error: waitingFor(origin), attempts: 0, waitsFor: origin.stream };
    await park(lanes.at(-1) ?? streamLane(event.stream), event, failure);
    return true;
  };

  /** Parks events that cannot be folded or have to wait. @returns the rest, in its order */
  const admit = async (events: readonly StoredEvent[]): Promise<readonly StoredEvent[]> => {
    const free: StoredEvent[] = [];
    const behind = new Map<Lane, StoredEvent[]>();
    for (const event of events) {
      if (!concernsUs(event)) {
        free.push(event);
        continue;
      }
      let lanes: readonly Lane[];
      try {
        lanes = lanesOf(event);
      } catch (error) {
        await park(laneWithoutKey(event), event, { error, attempts: 1 });
        continue;
      }
      const lane = lanes.find((each) => event.position >= (held.get(each)?.from ?? Infinity));
      if (lane !== undefined) behind.set(lane, [...(behind.get(lane) ?? []), event]);
      else if (!(await isParked(event, lanes))) free.push(event);
    }
    const released: StoredEvent[] = [];
    for (const [lane, joining] of behind) {
      const left = await parked.join(lane, joining);
      if (left.length > 0) held.delete(lane);
      released.push(...left);
    }
    if (released.length === 0) return free;
    // They may still have to wait in another lane.
    return admit([...free, ...released].sort((a, b) => a.position - b.position));
  };

  /** What is noted of streams that ended goes with whoever follows the events; nothing comes after it. */
  const forgetEnded = (events: readonly StoredEvent[]): void => {
    const ended = new Set(
      events.filter(({ type }) => type === tombstoneType).map(({ stream }) => stream),
    );
    for (const [lane, { stream }] of held) if (ended.has(stream)) held.delete(lane);
  };

  return {
    prepare: () => model.prepare(),
    recall,
    apply: async (events) => {
      const isPlain = held.size === 0 && !events.some(({ type }) => type === unreadableType);
      const free = isPlain ? events : await admit(events);
      try {
        await model.apply(free);
      } catch (error) {
        if (isUnavailable(error)) throw error;
        log.warn({ projection: projection.name, err: error }, 'a batch could not be folded');
        await applyApart({ projection, model, admit, park }, free);
      }
      if (held.size > 0 && !projection.spans) forgetEnded(events);
    },
    handling: {
      lanesOf,
      handle: async (event) => {
        const origin = projection.inherits ? originIn(event) : undefined;
        if (origin && (await parked.held()).some((hold) => isBehind(origin, hold)))
          throw waitingFor(origin);
        if (projection.spans && (await model.isPast(event))) throw new Error(tooLate);
        await model.apply([event]);
      },
    },
  };
};

const tooLate = 'its document has later events in it by now: only a rebuild brings it in';

/** Whether what a fork begins with is not complete as long as something is held. */
const isBehind = ({ stream, revision }: Origin, hold: Hold): boolean =>
  hold.stream === stream && hold.revision <= revision;

const waitingFor = ({ stream }: Origin): Error =>
  new Error(`it begins with what ${stream} was, of which events are parked`);

import type { Db, Filter } from 'mongodb';
import { askedTogether } from '../projecting/asked-together.js';
import type { Clock } from '../projecting/clock.js';
import { insertNew } from '../projecting/guarded-writes.js';
import { createdBefore } from './newest-first.js';
import { type Page, toPage } from './page.js';
import {
  type Attempt,
  type DeliveryDocument,
  type DeliveryStatus,
  type DeliveryView,
  type EventReference,
  viewOfDelivery,
} from './webhook-delivery.js';

/** A delivery to be made. */
export type NewDelivery = Readonly<{ id: string; webhookId: string; event: EventReference }>;

/** What came of an attempt. */
export type Settled = Readonly<{
  status: DeliveryStatus;
  attempts: readonly Attempt[];
  tries: number;
  dueAt: number | null;
  reason: string | null;
}>;

/** The deliveries of webhooks: what is due, and the log of what was done. All nodes share them. */
export type WebhookDeliveries = Readonly<{
  /** Adds deliveries that are not there yet, due at a time. @returns how many were not */
  add(deliveries: readonly NewDelivery[], dueAt: number): Promise<number>;
  /** Begins deliveries anew that are settled. @returns how many of those named were */
  begin(webhookId: string, ids: readonly string[], dueAt: number): Promise<number>;
  /** Those due by a time, the earliest first, but not of some webhooks. */
  next(
    dueBy: number,
    except: readonly string[],
    limit: number,
  ): Promise<readonly DeliveryDocument[]>;
  /**
   * Takes deliveries that nobody else took since they were seen. Not settled until `dueAt`, they may be
   * taken again.
   *
   * @param lock a new one
   * @returns those that were taken
   */
  claim(
    seen: readonly DeliveryDocument[],
    lock: string,
    dueAt: number,
  ): Promise<readonly DeliveryDocument[]>;
  /** Notes what came of an attempt, unless the delivery was taken by someone else since. */
  settle(id: string, lock: string, settled: Settled): Promise<void>;
  /** Gives a delivery back, due at a time. */
  release(id: string, lock: string, dueAt: number): Promise<void>;
  /** Has those of a webhook that are due before a time wait until then. */
  postpone(webhookId: string, until: number): Promise<void>;
  /** Gives up on everything of a webhook that is pending. */
  park(webhookId: string, reason: string): Promise<void>;
  /** Has a pending delivery due now that is not under way. */
  hasten(webhookId: string, id: string, now: number): Promise<void>;
  find(webhookId: string, id: string): Promise<DeliveryView | undefined>;
  /** Newest first. @throws BadCursor */
  list(webhookId: string, options: DeliveryListOptions): Promise<Page<DeliveryView>>;
  /** Position of the newest event whose delivery was made before a time; undefined when there is none. */
  positionBefore(webhookId: string, time: string): Promise<number | undefined>;
  forget(id: string): Promise<void>;
  forgetWebhook(webhookId: string): Promise<void>;
  /** Those of events of some streams. */
  forgetStreams(streams: readonly string[]): Promise<void>;
  prepare(): Promise<void>;
  /** Removes what was settled and is older than 30 days. */
  purge(now: number): Promise<void>;
}>;

export type DeliveryListOptions = Readonly<{
  status?: DeliveryStatus;
  cursor?: string;
  limit: number;
}>;

type Change = Readonly<{ filter: Filter<DeliveryDocument>; set: Partial<DeliveryDocument> }>;

const lifetimeMs = 30 * 24 * 60 * 60 * 1000;
const begun = { status: 'pending', tries: 0, lock: null, reason: null } as const;

/**
 * Keeps deliveries in a database, each write acknowledged once it is on the disks of a majority of its
 * members.
 *
 * @param clock that all nodes share; says when a delivery was made
 */
export const webhookDeliveriesIn = (db: Db, clock: Clock): WebhookDeliveries => {
  const collection = db.collection<DeliveryDocument>('webhook_deliveries', {
    writeConcern: { w: 'majority', journal: true },
  });

  // Every write waits for the disk: those that come meanwhile are written as one.
  const insert = askedTogether((documents: readonly DeliveryDocument[]) =>
    insertNew(collection, documents),
  );
  const update = askedTogether(async (changes: readonly Change[]): Promise<void> => {
    await collection.bulkWrite(
      changes.map(({ filter, set }) => ({ updateOne: { filter, update: { $set: set } } })),
      { ordered: false },
    );
  });

  const waiting = (webhookId: string): Filter<DeliveryDocument> => ({
    webhookId,
    status: 'pending',
    lock: null,
  });

  return {
    add: async (deliveries, dueAt) => {
      if (deliveries.length === 0) return 0;
      const createdAt = new Date(clock.now()).toISOString();
      const known = await insert(
        deliveries.map(({ id, webhookId, event }) => {
          return { _id: id, webhookId, event, ...begun, attempts: [], dueAt, createdAt };
        }),
      );
      return deliveries.filter(({ id }) => !known.has(id)).length;
    },
    begin: async (webhookId, ids, dueAt) => {
      const { modifiedCount } = await collection.updateMany(
        { _id: { $in: [...ids] }, webhookId, status: { $in: ['succeeded', 'parked'] } },
        { $set: { ...begun, dueAt } },
      );
      return modifiedCount;
    },
    next: (dueBy, except, limit) =>
      collection
        .find({
          status: 'pending',
          dueAt: { $lte: dueBy },
          ...(except.length > 0 && { webhookId: { $nin: [...except] } }),
        })
        .sort({ dueAt: 1 })
        .limit(limit)
        .toArray(),
    claim: async (seen, lock, dueAt) => {
      if (seen.length === 0) return [];
      const { modifiedCount } = await collection.bulkWrite(
        seen.map(({ _id, dueAt: seenDue, lock: seenLock }) => ({
          updateOne: {
            filter: { _id, status: 'pending', dueAt: seenDue, lock: seenLock },
            update: { $set: { lock, dueAt } },
          },
        })),
        { ordered: false },
      );
      if (modifiedCount === seen.length) return seen;
      const taken = await collection.distinct('_id', {
        _id: { $in: seen.map(({ _id }) => _id) },
        lock,
      });
      return seen.filter(({ _id }) => taken.includes(_id));
    },
    settle: async (id, lock, settled) => {
      await update([{ filter: { _id: id, lock }, set: { ...settled, lock: null } }]);
    },
    release: async (id, lock, dueAt) => {
      await collection.updateOne({ _id: id, lock }, { $set: { lock: null, dueAt } });
    },
    postpone: async (webhookId, until) => {
      await collection.updateMany(
        { ...waiting(webhookId), dueAt: { $lt: until } },
        { $set: { dueAt: until } },
      );
    },
    park: async (webhookId, reason) => {
      await collection.updateMany(waiting(webhookId), {
        $set: { status: 'parked', dueAt: null, reason },
      });
    },
    hasten: async (webhookId, id, now) => {
      await collection.updateOne(
        { ...waiting(webhookId), _id: id, dueAt: { $gt: now } },
        { $set: { dueAt: now } },
      );
    },
    find: async (webhookId, id) => {
      const found = await collection.findOne({ _id: id, webhookId });
      return found ? viewOfDelivery(found) : undefined;
    },
    list: async (webhookId, { status, cursor, limit }) => {
      const read = await collection
        .find({ webhookId, ...(status && { status }), ...(cursor && createdBefore(cursor)) })
        .sort({ createdAt: -1, _id: -1 })
        .limit(limit + 1)
        .toArray();
      return toPage(read, limit, ({ createdAt, _id }) => [createdAt, _id], viewOfDelivery);
    },
    positionBefore: async (webhookId, time) => {
      const found = await collection.findOne(
        { webhookId, createdAt: { $lt: time } },
        { sort: { createdAt: -1, _id: -1 } },
      );
      return found?.event.position;
    },
    forget: async (id) => {
      await collection.deleteOne({ _id: id });
    },
    forgetWebhook: async (webhookId) => {
      await collection.deleteMany({ webhookId });
    },
    forgetStreams: async (streams) => {
      await collection.deleteMany({ 'event.stream': { $in: [...streams] } });
    },
    prepare: async () => {
      await collection.createIndexes([
        { key: { status: 1, dueAt: 1 } },
        { key: { webhookId: 1, createdAt: -1, _id: -1 } },
        { key: { webhookId: 1, status: 1, dueAt: 1 } },
        { key: { 'event.stream': 1 } },
        { key: { createdAt: 1 } },
      ]);
    },
    purge: async (now) => {
      const createdAt = { $lt: new Date(now - lifetimeMs).toISOString() };
      await collection.deleteMany({ createdAt, status: { $in: ['succeeded', 'parked'] } });
    },
  };
};

import type { Collection, Db } from 'mongodb';
import { fingerprint } from '../domain/fingerprint.js';
import type { Clock } from './clock.js';
import { isDuplicateKey } from './duplicate-key.js';
import type { AnyProjection } from './projection.js';
import { collectionName } from './read-model.js';
import type { ProjectionStatus } from './runner.js';

/** What the node that holds a lease has said, and when by the clock that nodes share. */
export type Told = Readonly<{ statuses: readonly ProjectionStatus[]; at: number }>;

/** Says which node keeps the read models up to date: one at a time is enough. */
export type Lease = Readonly<{
  /**
   * Takes it if nobody has it.
   *
   * @returns the number of the term that begins, one more than that of the last one, or undefined
   *   while another node has it
   */
  take(): Promise<number | undefined>;
  /** Goes on having it, and tells the other nodes how far things are. @returns false when another node has taken it */
  renew(term: number, statuses: readonly ProjectionStatus[]): Promise<boolean>;
  /** Lets go of it, so that another node takes it when it next looks. @returns false when one has taken it before */
  release(term: number): Promise<boolean>;
  /** What its holder had said when this node last tried to take it. */
  told(): Told | null;
}>;

type LeaseDocument = Readonly<{
  _id: string;
  /** For people who look at it. */
  models: readonly string[];
  term: number;
  heldBy: string;
  heldUntil: number;
  told: Told | null;
}>;

/** For how long a node is believed to be there that says nothing, in milliseconds. */
export const leaseMs = 4_000;

/**
 * The lease for the read models of some projections, kept beside these. Releases in which a projection
 * differs in its version have one each, for they write different collections.
 *
 * @param node names this node among the others
 */
export const leaseIn = (
  db: Db,
  clock: Clock,
  node: string,
  projections: readonly AnyProjection[],
): Lease => {
  const leases: Collection<LeaseDocument> = db.collection('projection_leases');
  const models = projections.map(collectionName).sort();
  const _id = fingerprint(models);
  let told: Told | null = null;

  const takeFirst = async (): Promise<number | undefined> => {
    const heldUntil = clock.now() + leaseMs;
    try {
      await leases.insertOne({ _id, models, term: 1, heldBy: node, heldUntil, told: null });
      return 1;
    } catch (error) {
      if (isDuplicateKey(error)) return undefined;
      throw error;
    }
  };

  return {
    take: async () => {
      const last = await leases.findOne({ _id });
      if (!last) return takeFirst();
      const { term, heldUntil } = last;
      told = last.told;
      if (heldUntil >= clock.now()) return undefined;
      // The holder may be there after all, and renew it in this moment; or a third node takes it.
      const { matchedCount } = await leases.updateOne(
        { _id, term, heldUntil },
        { $set: { term: term + 1, heldBy: node, heldUntil: clock.now() + leaseMs } },
      );
      return matchedCount > 0 ? term + 1 : undefined;
    },
    renew: async (term, statuses) => {
      const at = clock.now();
      const { matchedCount } = await leases.updateOne(
        { _id, term, heldBy: node },
        { $set: { heldUntil: at + leaseMs, told: { statuses, at } } },
      );
      return matchedCount > 0;
    },
    release: async (term) => {
      const { matchedCount } = await leases.updateOne(
        { _id, term, heldBy: node },
        { $set: { heldUntil: 0 } },
      );
      return matchedCount > 0;
    },
    told: () => told,
  };
};

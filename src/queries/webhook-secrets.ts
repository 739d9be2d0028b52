import type { Db } from 'mongodb';
import type { PreviousSecret } from '../domain/webhook.js';
import { askedTogether } from '../projecting/asked-together.js';

/**
 * The secrets that webhooks are signed with. Unlike the read models beside them they cannot be built
 * again from events, which must not hold them: see docs/adr/0020-webhook-secrets-outside-history.md.
 */
export type WebhookSecrets = Readonly<{
  /** Keeps a secret, unless there is one under the reference already; gives the one that is kept. */
  keep(secretRef: string, webhookId: string, secret: string): Promise<string>;
  /** Those of the references that are there, in the order asked for. */
  find(secretRefs: readonly string[]): Promise<readonly string[]>;
  /** Has replaced secrets removed once their time has come. */
  expire(replaced: readonly PreviousSecret[]): Promise<void>;
  forget(secretRef: string): Promise<void>;
  forgetWebhook(webhookId: string): Promise<void>;
  /** Makes the indexes. */
  prepare(): Promise<void>;
  /** Removes those whose time has come. */
  purge(now: number): Promise<void>;
}>;

type Kept = { _id: string; webhookId: string; secret: string; expiresAt?: string };

/** Keeps secrets in a database, each write acknowledged once it is on the disks of a majority of its members. */
export const webhookSecretsIn = (db: Db): WebhookSecrets => {
  const collection = db.collection<Kept>('webhook_secrets', {
    writeConcern: { w: 'majority', journal: true },
  });
  const kept = askedTogether(async (secretRefs: readonly string[]) => {
    const found = await collection.find({ _id: { $in: [...secretRefs] } }).toArray();
    return new Map(found.map(({ _id, secret }) => [_id, secret]));
  });
  return {
    keep: async (secretRef, webhookId, secret) => {
      const kept = await collection.findOneAndUpdate(
        { _id: secretRef },
        { $setOnInsert: { webhookId, secret } },
        { upsert: true, returnDocument: 'after' },
      );
      return kept?.secret ?? secret;
    },
    find: async (secretRefs) => {
      const byRef = await kept(secretRefs);
      return secretRefs.flatMap((secretRef) => byRef.get(secretRef) ?? []);
    },
    expire: async (replaced) => {
      for (const { secretRef, until } of replaced)
        await collection.updateOne({ _id: secretRef }, { $set: { expiresAt: until } });
    },
    forget: async (secretRef) => {
      await collection.deleteOne({ _id: secretRef });
    },
    forgetWebhook: async (webhookId) => {
      await collection.deleteMany({ webhookId });
    },
    prepare: async () => {
      await collection.createIndexes([{ key: { webhookId: 1 } }, { key: { expiresAt: 1 } }]);
    },
    purge: async (now) => {
      await collection.deleteMany({ expiresAt: { $lt: new Date(now).toISOString() } });
    },
  };
};

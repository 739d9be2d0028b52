import type { Progress } from '../../projecting/progress.js';
import { DatabaseUnavailable } from '../../projecting/unavailable.js';
import type { Collections, WebhookRecord } from '../../queries/collections.js';
import { activeWebhooks } from '../../queries/webhooks.js';

/** The webhooks that are told of events, kept in memory. */
export type Directory = Readonly<{
  /**
   * Those there were at a position of the store, or a later one.
   *
   * @throws DatabaseUnavailable while the read model has not come so far
   */
  asOf(position: number): Promise<readonly WebhookRecord[]>;
}>;

const patienceMs = 30_000;

/**
 * A directory that reads the read model at most once for all who ask at the same time. One reading
 * serves every event up to where the read model was then.
 */
export const webhookDirectory = (
  collections: Collections,
  progress: Pick<Progress, 'position' | 'reached'>,
): Directory => {
  let known: { readonly webhooks: readonly WebhookRecord[]; readonly through: number } = {
    webhooks: [],
    through: -1,
  };
  let reading: Promise<void> | undefined;

  const read = async (): Promise<void> => {
    // Before the query: the model may move on while it runs, which is seen in part at most.
    const through = progress.position();
    known = { webhooks: await activeWebhooks(collections), through };
  };

  return {
    asOf: async (position) => {
      while (known.through < position) {
        await progress.reached(position, patienceMs, { hasTime: true }).catch((cause: unknown) => {
          throw new DatabaseUnavailable('the read model of webhooks is behind', { cause });
        });
        reading ??= read().finally(() => {
          reading = undefined;
        });
        await reading;
      }
      return known.webhooks;
    },
  };
};

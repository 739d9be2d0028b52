import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Told } from '../../eventstore/told.js';
import type { Progress } from '../../projecting/progress.js';
import type { Collections } from '../../queries/collections.js';
import { hasWebhooks } from '../../queries/webhooks.js';

export type UntilWebhooksOptions = Readonly<{
  collections: Collections;
  /** Of the read model of webhooks. */
  progress: Pick<Progress, 'reached'>;
  told: Promise<Told>;
  /** Whether the group of the reaction is there. */
  hasGroup(): Promise<boolean>;
  log: Logger;
}>;

const patienceMs = 30_000;
const againMs = 1_000;

/**
 * The function made waits until there is a webhook, so that a program without any is spared a second
 * reading of every event. Whoever registers the first one has made the group before that: what happens
 * from there on is in it, even if no node has joined it yet.
 */
export const untilWebhooks =
  ({ collections, progress, told, hasGroup, log }: UntilWebhooksOptions) =>
  async (signal: AbortSignal): Promise<void> => {
    const hearing = new AbortController();
    const over = AbortSignal.any([signal, hearing.signal]);
    const stopped = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
      if (signal.aborted) resolve();
    });

    /** Heard from now on; what was before is asked for after that. */
    const heard = async (): Promise<void> => {
      const { each, position } = await told;
      const registered = new Promise<void>((resolve) => {
        const stop = each(({ stream }) => {
          if (stream.startsWith('webhook-')) resolve();
        });
        over.addEventListener('abort', stop, { once: true });
        if (over.aborted) stop();
      });
      await Promise.race([registered, known(position())]);
    };

    /** A group that was deleted is made anew where there are webhooks. */
    const known = async (through: number): Promise<void> => {
      for (;;) {
        try {
          if (await hasGroup()) return;
          await progress.reached(through, patienceMs, { hasTime: true });
          if (await hasWebhooks(collections)) return;
          return await new Promise<never>(() => {});
        } catch (err) {
          if (over.aborted) return;
          log.debug({ err }, 'whether there are webhooks is not known yet');
          await delay(againMs, undefined, { signal: over }).catch(() => {});
        }
      }
    };

    await Promise.race([heard(), stopped]);
    hearing.abort();
  };

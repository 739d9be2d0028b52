import type { Logger } from 'pino';
import { v7 } from 'uuid';
import type { CommandHandler } from '../../commands/handle.js';
import { isRejection } from '../../domain/decider.js';
import type { WebhookCommand, WebhookRejection } from '../../domain/webhook.js';
import type { EventStore } from '../../eventstore/event-store.js';
import type { Told } from '../../eventstore/told.js';
import type { Clock } from '../../projecting/clock.js';
import type { Progress } from '../../projecting/progress.js';
import type { Collections, WebhookRecord } from '../../queries/collections.js';
import type { WebhookDeliveries } from '../../queries/webhook-deliveries.js';
import type { WebhookSecrets } from '../../queries/webhook-secrets.js';
import { groupOf } from '../group.js';
import type { Reaction } from '../reaction.js';
import { circuits } from './circuits.js';
import { deliverer } from './deliver.js';
import { webhookDirectory } from './directory.js';
import { startDispatcher } from './dispatcher.js';
import { resender } from './resend.js';
import { type Send, sender } from './send.js';
import { untilWebhooks } from './until-webhooks.js';
import { webhookReaction } from './webhook-reaction.js';

export type WebhookOptions = Readonly<{
  store: EventStore;
  collections: Collections;
  /** Of the read model of webhooks. */
  progress: Pick<Progress, 'position' | 'reached'>;
  told: Promise<Told>;
  commands: CommandHandler<WebhookCommand, WebhookRejection>;
  deliveries: WebhookDeliveries;
  secrets: WebhookSecrets;
  clock: Clock;
  log: Logger;
  allowPrivate: boolean;
  /** The wait before each attempt, the first one included. */
  scheduleSeconds: readonly number[];
  /** How long an attempt may take. */
  timeoutSeconds: number;
  /** Carries out each attempt to post, which it is handed; by default does just that. */
  sending?: (send: Send) => Send;
}>;

/** Webhooks at work. */
export type Webhooks = Readonly<{
  /** Notes down what is to be delivered: to be started with the other reactions. */
  reaction: Reaction;
  /** To be called before a webhook is registered: from then on what happens is kept for it. */
  expect(): Promise<void>;
  wake(): void;
  resend(webhook: WebhookRecord, since: number): Promise<number>;
  /** Finishes the attempts under way, or gives them back. */
  stop(): Promise<void>;
}>;

/** On top of the timeout, what it takes to read the event and to note what came of the attempt. */
const lockMarginMs = 10_000;

/** Who disables webhooks whose endpoints are gone. */
const forkline = { userId: 'forkline', admin: true };

/** Starts to make the deliveries that are due, and gives the reaction that notes them down. */
export const startWebhooks = (options: WebhookOptions): Webhooks => {
  const { store, collections, deliveries, secrets, clock, commands, log } = options;
  const { sending = (send) => send } = options;
  const timeoutMs = options.timeoutSeconds * 1000;
  const schedule = options.scheduleSeconds.map((seconds) => seconds * 1000);
  const known = circuits();

  const disable = async (id: string, reason: string, causationId: string): Promise<void> => {
    const commandId = v7();
    const request = { commandId, requestId: commandId, caller: forkline, causationId };
    const outcome = await commands(id, [{ type: 'DisableWebhook', reason }], request);
    if (!isRejection(outcome)) log.warn({ webhook: id, reason }, 'a webhook is disabled');
  };

  const dispatcher = startDispatcher({
    deliveries,
    clock,
    log,
    circuits: known,
    lockMs: timeoutMs + lockMarginMs,
    deliver: deliverer({
      store,
      collections,
      deliveries,
      secrets,
      circuits: known,
      schedule,
      clock,
      disable,
      send: sending(sender({ allowPrivate: options.allowPrivate, timeoutMs })),
    }),
  });
  const reaction = webhookReaction({
    deliveries,
    secrets,
    clock,
    wake: dispatcher.wake,
    directory: webhookDirectory(collections, options.progress),
    firstWaitMs: schedule[0] ?? 0,
  });
  const group = groupOf(reaction);
  const { progress, told } = options;
  const hasGroup = () => store.hasGroup(group.name);
  return {
    reaction: {
      ...reaction,
      awaited: untilWebhooks({ collections, progress, told, hasGroup, log }),
    },
    expect: () => store.makeGroup(group.name, { ...group.options, from: 'end' }),
    wake: dispatcher.wake,
    resend: resender({ store, deliveries, clock }),
    stop: dispatcher.stop,
  };
};

import { type Decider, type Decision, evolveWith, type Fact, reject } from './decider.js';
import { isBefore, type Moment } from './time.js';

// Events. Names and fields are the storage format. Secrets are not among them: history cannot forget.

type Registered = {
  userId: string;
  /** Whether it is told of everybody's events, as the webhooks of administrators are. */
  everyone: boolean;
  url: string;
  topics: readonly string[];
  /** Under which name the secret is kept, outside the events. */
  secretRef: string;
};

export type WebhookEvent =
  | Fact<'WebhookRegistered', Registered>
  | Fact<'WebhookSecretRotated', { secretRef: string; previousSecrets: readonly PreviousSecret[] }>
  | Fact<'WebhookDisabled', { reason: string }>
  | Fact<'WebhookEnabled'>
  | Fact<'WebhookRemoved'>;

// State.

export type WebhookStatus = 'active' | 'disabled' | 'removed';

/** A secret that was replaced, and until when it signs along. */
export type PreviousSecret = Readonly<{ secretRef: string; until: Moment }>;

export type LiveWebhook = Readonly<
  Registered & {
    status: WebhookStatus;
    /** Why it is disabled. */
    reason?: string;
    /** The replaced secrets that were still valid when the last one was, the oldest first. */
    previousSecrets: readonly PreviousSecret[];
  }
>;

export type Webhook = Readonly<{ status: 'absent' }> | LiveWebhook;

// Commands.

export type WebhookCommand =
  | Readonly<{ type: 'RegisterWebhook' } & Registered>
  | Readonly<{ type: 'RotateWebhookSecret'; secretRef: string; previousUntil: Moment; at: Moment }>
  | Readonly<{ type: 'DisableWebhook'; reason: string }>
  | Readonly<{ type: 'EnableWebhook' | 'RemoveWebhook' }>;

export type WebhookRejection =
  | 'webhook-not-found'
  | 'webhook-already-exists'
  | 'webhook-rotating-too-often';

type WebhookDecision = Decision<WebhookEvent, WebhookRejection>;

// Rules.

/** How many replaced secrets may sign along at a time: each makes every signature header longer. */
export const mostPreviousSecrets = 4;

const register = (
  { type: _, ...registered }: Extract<WebhookCommand, { type: 'RegisterWebhook' }>,
  webhook: Webhook,
): WebhookDecision => {
  if (webhook.status === 'absent') return [{ type: 'WebhookRegistered', data: registered }];
  // The reference is made with the command: the same one says that it is the same command.
  return webhook.secretRef === registered.secretRef && webhook.userId === registered.userId
    ? []
    : reject('webhook-already-exists');
};

const rotate = (
  command: Extract<WebhookCommand, { type: 'RotateWebhookSecret' }>,
  { secretRef, previousSecrets }: LiveWebhook,
): WebhookDecision => {
  const known = [secretRef, ...previousSecrets.map((previous) => previous.secretRef)];
  if (known.includes(command.secretRef)) return [];
  const stillSigning = previousSecrets.filter(({ until }) => isBefore(command.at, until));
  // Dropping one before its time would break who still verifies with it.
  if (stillSigning.length >= mostPreviousSecrets) return reject('webhook-rotating-too-often');
  const replaced = [...stillSigning, { secretRef, until: command.previousUntil }];
  const data = { secretRef: command.secretRef, previousSecrets: replaced };
  return [{ type: 'WebhookSecretRotated', data }];
};

const decide = (command: WebhookCommand, webhook: Webhook): WebhookDecision => {
  if (command.type === 'RegisterWebhook') return register(command, webhook);
  if (webhook.status === 'absent') return reject('webhook-not-found');
  if (webhook.status === 'removed')
    return command.type === 'RemoveWebhook' ? [] : reject('webhook-not-found');
  switch (command.type) {
    case 'RotateWebhookSecret':
      return rotate(command, webhook);
    case 'DisableWebhook':
      return webhook.status === 'disabled'
        ? []
        : [{ type: 'WebhookDisabled', data: { reason: command.reason } }];
    case 'EnableWebhook':
      return webhook.status === 'active' ? [] : [{ type: 'WebhookEnabled', data: {} }];
    case 'RemoveWebhook':
      return [{ type: 'WebhookRemoved', data: {} }];
  }
};

// Evolution.

const onLive =
  <Data>(change: (webhook: LiveWebhook, data: Data) => LiveWebhook) =>
  (webhook: Webhook, data: Data): Webhook =>
    webhook.status === 'absent' ? webhook : change(webhook, data);

const withoutReason = ({ reason: _, ...webhook }: LiveWebhook): LiveWebhook => webhook;

/** An address that is told of events as they happen. */
export const webhook: Decider<WebhookCommand, Webhook, WebhookEvent, WebhookRejection> = {
  category: 'webhook',
  initial: { status: 'absent' },
  decide,
  ownerOf: (state) => (state.status === 'absent' ? undefined : state.userId),
  correlationOf: () => undefined,
  notFound: 'webhook-not-found',

  evolve: evolveWith<Webhook, WebhookEvent>({
    WebhookRegistered: (_, data) => ({ ...data, status: 'active', previousSecrets: [] }),
    WebhookSecretRotated: onLive((state, rotated) => ({ ...state, ...rotated })),
    WebhookDisabled: onLive((state, { reason }) => ({ ...state, status: 'disabled', reason })),
    WebhookEnabled: onLive((state) => ({ ...withoutReason(state), status: 'active' })),
    WebhookRemoved: onLive((state) => ({ ...withoutReason(state), status: 'removed' })),
  }),
};

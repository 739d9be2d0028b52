import type { PreviousSecret, WebhookEvent } from '../src/domain/webhook.js';
import type { Projected, Projection } from '../src/projecting/projection.js';

export type WebhookDocument = Readonly<{
  stream: string;
  id: string;
  userId: string;
  everyone: boolean;
  url: string;
  topics: readonly string[];
  status: 'active' | 'disabled';
  reason?: string;
  secretRef: string;
  previousSecrets: readonly PreviousSecret[];
  /** It is told of events after this position: where it was registered, or last enabled. */
  activeSince: number;
  /** Where it was registered. */
  registeredAt: number;
  createdAt: string;
  updatedAt: string;
  revision: number;
}>;

const changed =
  <Event extends WebhookEvent>(
    change: (document: WebhookDocument, event: Projected<Event>) => WebhookDocument,
  ) =>
  (document: WebhookDocument | undefined, event: Projected<Event>) =>
    document && {
      ...change(document, event),
      updatedAt: event.created,
      revision: event.revision,
    };

/** One document a webhook; none of one that was removed. */
export const webhooks: Projection<WebhookDocument, WebhookEvent> = {
  name: 'webhooks',
  version: 1,
  category: 'webhook',
  indexes: [
    { key: { userId: 1, createdAt: -1, _id: -1 } },
    { key: { createdAt: -1, _id: -1 } },
    { key: { status: 1, _id: 1 } },
    { key: { stream: 1 } },
  ],
  key: (event) => event.stream,
  begins: ({ type }) => type === 'WebhookRegistered',
  on: {
    WebhookRegistered: (_, { data, stream, created, revision, position }) => ({
      stream,
      id: stream.slice('webhook-'.length),
      ...data,
      status: 'active',
      previousSecrets: [],
      activeSince: position,
      registeredAt: position,
      createdAt: created,
      updatedAt: created,
      revision,
    }),
    WebhookSecretRotated: changed((document, { data: { secretRef, previousSecrets } }) => ({
      ...document,
      secretRef,
      previousSecrets,
    })),
    WebhookDisabled: changed((document, { data: { reason } }) => ({
      ...document,
      status: 'disabled',
      reason,
    })),
    WebhookEnabled: changed(({ reason: _, ...document }, { position }) => ({
      ...document,
      status: 'active',
      activeSince: position,
    })),
    WebhookRemoved: () => undefined,
  },
};

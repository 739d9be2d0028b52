import { expect, it } from '@jest/globals';
import { webhooks } from '../../projections/webhooks.js';
import type { WebhookEvent } from '../../src/domain/webhook.js';
import { eventsOf, project, second } from './support/project.js';

const registered: WebhookEvent = {
  type: 'WebhookRegistered',
  data: {
    ...{ userId: 'ann', everyone: false, url: 'https://example.com/hook' },
    ...{ topics: ['chat.*'], secretRef: 'ref-1' },
  },
};
const previousSecrets = [{ secretRef: 'ref-1', until: '2026-01-02T00:00:00.000Z' }];
const rotated: WebhookEvent = {
  type: 'WebhookSecretRotated',
  data: { secretRef: 'ref-2', previousSecrets },
};
const disabled: WebhookEvent = { type: 'WebhookDisabled', data: { reason: 'gone' } };
const enabled: WebhookEvent = { type: 'WebhookEnabled', data: {} };
const removed: WebhookEvent = { type: 'WebhookRemoved', data: {} };

const of = (...facts: readonly WebhookEvent[]) => project(webhooks, eventsOf('webhook-1', facts));

const fresh = {
  ...{ _id: 'webhook-1', stream: 'webhook-1', id: '1', status: 'active', previousSecrets: [] },
  ...registered.data,
  ...{ activeSince: 1, registeredAt: 1, createdAt: second(1), updatedAt: second(1) },
  ...{ revision: 0, position: 1 },
};

it('has a document of each webhook, as it was registered', () =>
  expect(of(registered)).toStrictEqual([fresh]));

it('knows the newest secret and those it replaced by their references', () =>
  expect(of(registered, rotated)).toMatchObject([{ secretRef: 'ref-2', previousSecrets }]));

it('says why a webhook is disabled, and from which event on it is active again', () => {
  expect(of(registered, disabled)).toMatchObject([{ status: 'disabled', reason: 'gone' }]);
  const again = { activeSince: 3, updatedAt: second(3), revision: 2, position: 3 };
  expect(of(registered, disabled, enabled)).toStrictEqual([{ ...fresh, ...again }]);
});

it('has none of one that was removed', () => expect(of(registered, removed)).toEqual([]));

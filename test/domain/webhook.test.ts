import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isRejection } from '../../src/domain/decider.js';
import { mostPreviousSecrets, type WebhookEvent, webhook } from '../../src/domain/webhook.js';
import { carryOut } from '../support/carry-out.js';
import { given, stateOf } from '../support/given.js';
import { webhookLives } from '../support/random-webhooks.js';

const data = {
  userId: 'ann',
  everyone: false,
  url: 'https://example.com/hook',
  topics: ['chat.*'],
  secretRef: 'ref-1',
};
const registered: WebhookEvent = { type: 'WebhookRegistered', data };
const gone: WebhookEvent = { type: 'WebhookDisabled', data: { reason: 'gone' } };
const enabled: WebhookEvent = { type: 'WebhookEnabled', data: {} };
const removed: WebhookEvent = { type: 'WebhookRemoved', data: {} };
const noon = '2026-01-01T12:00:00.000Z';
const nextNoon = '2026-01-02T12:00:00.000Z';
const rotated = (to: string, ...from: readonly string[]): WebhookEvent => ({
  type: 'WebhookSecretRotated',
  data: {
    secretRef: to,
    previousSecrets: from.map((secretRef) => ({ secretRef, until: nextNoon })),
  },
});
const register = { type: 'RegisterWebhook', ...data } as const;
const rotate = (secretRef: string, at = noon) =>
  ({ type: 'RotateWebhookSecret', secretRef, previousUntil: nextNoon, at }) as const;
const disable = { type: 'DisableWebhook', reason: 'gone' } as const;
const enable = { type: 'EnableWebhook' } as const;
const remove = { type: 'RemoveWebhook' } as const;

describe('registering', () => {
  it('begins a webhook', () => given(webhook).events().when(register).adds(registered));
  it('changes nothing when the same command comes again', () =>
    given(webhook).events(registered).when(register).changesNothing());
  it('is turned down for an id that is taken, also by a webhook that was removed', () => {
    const other = { ...register, secretRef: 'ref-2' };
    given(webhook).events(registered).when(other).rejects('webhook-already-exists');
    given(webhook).events(registered, removed).when(other).rejects('webhook-already-exists');
  });
});

describe('rotating the secret', () => {
  it('lets the one before sign along for a while', () => {
    given(webhook).events(registered).when(rotate('ref-2')).adds(rotated('ref-2', 'ref-1'));
    expect(stateOf(webhook, [registered, rotated('ref-2', 'ref-1')])).toMatchObject({
      secretRef: 'ref-2',
      previousSecrets: [{ secretRef: 'ref-1', until: nextNoon }],
    });
  });
  it('changes nothing when the same command comes again', () =>
    given(webhook)
      .events(registered, rotated('ref-2', 'ref-1'))
      .when(rotate('ref-2'))
      .changesNothing());

  const replaced = Array.from({ length: mostPreviousSecrets }, (_, n) => `ref-${n + 2}`);
  const often = [registered, rotated('ref-8', ...replaced)];
  it('is turned down while too many replaced ones are valid', () =>
    given(webhook)
      .events(...often)
      .when(rotate('ref-9'))
      .rejects('webhook-rotating-too-often'));
  it('goes on once they are not', () =>
    given(webhook)
      .events(...often)
      .when(rotate('ref-9', nextNoon))
      .adds({
        type: 'WebhookSecretRotated',
        data: {
          secretRef: 'ref-9',
          previousSecrets: [{ secretRef: 'ref-8', until: nextNoon }],
        },
      }));
});

describe('disabling and enabling', () => {
  it('happen once each', () => {
    given(webhook).events(registered).when(disable).adds(gone);
    given(webhook).events(registered, gone).when(disable).changesNothing();
    given(webhook).events(registered, gone).when(enable).adds(enabled);
    given(webhook).events(registered).when(enable).changesNothing();
  });
});

describe('removing', () => {
  it('is possible in any state, once', () => {
    given(webhook).events(registered).when(remove).adds(removed);
    given(webhook).events(registered, gone).when(remove).adds(removed);
    given(webhook).events(registered, removed).when(remove).changesNothing();
  });
  it('leaves nothing to change', () => {
    for (const command of [rotate('ref-2'), disable, enable])
      given(webhook).events(registered, removed).when(command).rejects('webhook-not-found');
  });
});

it.each([rotate('ref-2'), disable, enable, remove])(
  'knows no webhook before it is registered: $type',
  (command) => given(webhook).events().when(command).rejects('webhook-not-found'),
);

it('adds nothing when the same command comes twice', () =>
  fc.assert(
    fc.property(webhookLives, (life) => {
      for (const { command, decision, after } of carryOut(webhook, life))
        expect(webhook.decide(command, after)).toStrictEqual(isRejection(decision) ? decision : []);
    }),
  ));

it('never drops a replaced secret before its time, and never comes back once removed', () =>
  fc.assert(
    fc.property(webhookLives, (life) => {
      for (const { command, before, after, events } of carryOut(webhook, life)) {
        if (before.status === 'absent' || after.status === 'absent') continue;
        if (before.status === 'removed') expect(events).toStrictEqual([]);
        if (command.type !== 'RotateWebhookSecret' || events.length === 0) continue;
        const valid = before.previousSecrets.filter(({ until }) => until > command.at);
        const kept = after.previousSecrets;
        expect(kept).toEqual(expect.arrayContaining(valid));
        expect(kept.map(({ secretRef }) => secretRef)).toContain(before.secretRef);
      }
    }),
  ));
